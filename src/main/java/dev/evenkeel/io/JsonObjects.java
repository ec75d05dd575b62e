package dev.evenkeel.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The objects of a JSON file, one after the other, as in JSON Lines, or in one array. Of objects
 * within them the values are their own, called "user.age".
 */
public final class JsonObjects {

  /** Of bytes as characters, without zeros, so that it is one pattern in all encodings of JSON. */
  private static final String MARK = "(\u00ef\u00bb\u00bf|\u00fe\u00ff|\u00ff\u00fe)?\\s*";

  private static final Pattern START =
      Pattern.compile(MARK + "(\\[\\s*)?\\{\\s*(\"|}).*", Pattern.DOTALL);

  /** Of lists of lists, of names in single quotes, and of objects behind a separator. */
  private static final Pattern NEARLY =
      Pattern.compile(MARK + "(\\[\\s*[\\[\\]]|\\{\\s*'|\u001e\\s*\\{).*", Pattern.DOTALL);

  private static final int LONGEST_START = 1 << 16;
  private static final int DEEPEST = 200;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNumberLength(1 << 20)
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as Python writes them
          .build();

  private static final String EXAMPLE = "{\"area\": 120, \"price\": 350000}";

  private JsonObjects() {}

  /** Receives each object, in order. */
  @FunctionalInterface
  public interface Receiver {
    /**
     * @param values as texts, in the file's order; "" of null, "[1, 2.5]" of an array of numbers,
     *     and null of any other array
     * @param numbers the names of those that are numbers, and no texts
     */
    void accept(Map<String, String> values, Set<String> numbers);
  }

  /** Whether a file begins as one of objects does. */
  public static boolean matches(Path path) {
    byte[] first = Gzip.read(path, in -> in.readNBytes(LONGEST_START));
    String start = new String(first, StandardCharsets.ISO_8859_1).replace("\0", "");
    if (NEARLY.matcher(start).matches()) {
      throw new EvenkeelException(
          "%s looks like JSON, but not like objects with names in double quotes, one for each row, as %s. help: convert it, or save it as CSV"
              .formatted(path, EXAMPLE));
    }
    return START.matcher(start).matches();
  }

  public static void read(Path path, Receiver receiver) {
    Gzip.read(
        path,
        in -> {
          try (JsonParser parser = FACTORY.createParser(in)) {
            parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
            try {
              read(path, parser, receiver);
            } catch (JsonProcessingException e) {
              throw new EvenkeelException(
                  "%s, line %d: this is no JSON: %s"
                      .formatted(path, parser.currentLocation().getLineNr(), reason(e)),
                  e);
            }
            return true;
          }
        });
  }

  /** The first of Jackson's sentences: what follows speaks of its own classes. */
  private static String reason(JsonProcessingException e) {
    return e.getOriginalMessage()
        .lines()
        .findFirst()
        .orElse("")
        .replaceAll(" \\(start marker.*|, from `[^`]*`| \\(code \\d+\\)", "");
  }

  private static void read(Path path, JsonParser parser, Receiver receiver) throws IOException {
    boolean inArray = parser.nextToken() == JsonToken.START_ARRAY;
    if (inArray) {
      parser.nextToken();
    }
    for (; parser.currentToken() != null; parser.nextToken()) {
      if (inArray && parser.currentToken() == JsonToken.END_ARRAY) {
        inArray = false;
        continue;
      }
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw refusal(
            path,
            parser,
            "an object is needed for each row, as %s, not %s".formatted(EXAMPLE, parser.getText()));
      }
      Map<String, String> values = new LinkedHashMap<>();
      Set<String> numbers = new HashSet<>();
      object(path, "", parser, values, numbers);
      receiver.accept(values, numbers);
    }
  }

  private static EvenkeelException refusal(Path path, JsonParser parser, String words) {
    return new EvenkeelException(
        "%s, line %d: %s".formatted(path, parser.currentTokenLocation().getLineNr(), words));
  }

  /** Up to the end of the object that has begun. */
  private static void object(
      Path path, String prefix, JsonParser parser, Map<String, String> values, Set<String> numbers)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = prefix + parser.currentName().strip();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        object(path, name + ".", parser, values, numbers);
        continue;
      }
      if (values.containsKey(name)) {
        throw refusal(path, parser, "the object has two values called \"%s\"".formatted(name));
      }
      if (token == JsonToken.START_ARRAY) {
        values.put(name, vector(parser));
      } else {
        values.put(name, token == JsonToken.VALUE_NULL ? "" : parser.getText());
        if (token.isNumeric()) {
          numbers.add(name);
        }
      }
    }
  }

  /** The text of an array of numbers up to its end, null of any other. */
  private static String vector(JsonParser parser) throws IOException {
    StringBuilder text = new StringBuilder("[");
    boolean numbers = true;
    for (JsonToken token; (token = parser.nextToken()) != JsonToken.END_ARRAY; ) {
      numbers &= token.isNumeric();
      if (numbers) {
        text.append(text.length() == 1 ? "" : ", ").append(parser.getText());
      }
      parser.skipChildren();
    }
    return numbers ? text.append(']').toString() : null;
  }
}
