package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.List;

/** The words and signs of a PTX file, read one after the other. */
final class Tokens {

  private record Token(String text, int line) {}

  private final String file;
  private final List<Token> tokens = new ArrayList<>();
  private int next;

  Tokens(String text, String file) {
    this.file = file;
    int line = 1;
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      int end = i + 1;
      if (c == '\n') {
        line++;
      } else if (text.startsWith("//", i)) {
        end = endOf(text, "\n", i);
      } else if (text.startsWith("/*", i)) {
        end = endOf(text, "*/", i) + 2;
        line += (int) text.substring(i, end).chars().filter(x -> x == '\n').count();
      } else if (c == '"') {
        end = endOf(text, "\"", i + 1) + 1;
        tokens.add(new Token(text.substring(i, end), line));
      } else if (isWord(c)) {
        while (end < text.length() && isWord(text.charAt(end))) {
          end++;
        }
        tokens.add(new Token(text.substring(i, end), line));
      } else if (!Character.isWhitespace(c)) {
        tokens.add(new Token(String.valueOf(c), line));
      }
      i = end;
    }
    tokens.add(new Token("", line));
  }

  private static int endOf(String text, String mark, int from) {
    int at = text.indexOf(mark, from);
    return at < 0 ? text.length() - mark.length() + 1 : at;
  }

  private static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '%' || c == '.';
  }

  /** The coming token; empty at the end. */
  String peek() {
    return tokens.get(next).text;
  }

  String take() {
    String text = peek();
    if (text.isEmpty()) {
      throw error("the file ends in the middle of a statement");
    }
    next++;
    return text;
  }

  /** Takes the coming token if it is this one. */
  boolean accept(String text) {
    boolean same = peek().equals(text);
    if (same) {
      next++;
    }
    return same;
  }

  void expect(String text) {
    if (!accept(text)) {
      throw error("expected '%s', found '%s'".formatted(text, peek()));
    }
  }

  int number() {
    String text = take();
    try {
      return Integer.decode(text);
    } catch (NumberFormatException e) {
      throw error("expected a number, found '%s'".formatted(text));
    }
  }

  void skipTo(String text) {
    while (!accept(text)) {
      take();
    }
  }

  void skipLine() {
    int line = line();
    while (!peek().isEmpty() && line() == line) {
      next++;
    }
  }

  boolean atEnd() {
    return peek().isEmpty();
  }

  int line() {
    return tokens.get(next).line;
  }

  PtxException error(String what) {
    return new PtxException(file, line(), what);
  }
}
