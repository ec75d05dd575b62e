package dev.evenkeel.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the text of a PTX file into bodies; instructions are understood later. */
final class PtxParser {

  private static final Set<String> LINKAGE = Set.of(".visible", ".extern", ".weak", ".common");

  private final Tokens tokens;

  final Map<String, PtxVariable> variables = new LinkedHashMap<>();
  final Map<String, PtxBody> entries = new LinkedHashMap<>();
  final Map<String, PtxBody> functions = new LinkedHashMap<>();
  private final Map<Integer, String> files = new HashMap<>();

  // Of the body being read
  private PtxBody body;
  private String source = "";
  private final Deque<Map<String, String>> scopes = new ArrayDeque<>();
  private int scopeCount;

  PtxParser(String text, String file) {
    tokens = new Tokens(text, file);
    readFiles(text);
    while (!tokens.atEnd()) {
      topLevel();
    }
  }

  /** .file lines come last, and are wanted first. */
  private void readFiles(String text) {
    text.lines()
        .map(String::strip)
        .filter(l -> l.startsWith(".file"))
        .forEach(
            l -> {
              String[] words = l.split("[\\s,]+");
              String path = words[2].replace("\"", "");
              files.put(Integer.valueOf(words[1]), path.substring(path.lastIndexOf('/') + 1));
            });
  }

  private void topLevel() {
    while (LINKAGE.contains(tokens.peek())) {
      tokens.take();
    }
    String word = tokens.take();
    switch (word) {
      case ".version", ".target", ".address_size", ".file" -> tokens.skipLine();
      case ".section" -> tokens.skipTo("}");
      case ".entry" -> readBody(entries, List.of());
      case ".func" -> readBody(functions, tokens.peek().equals("(") ? parameters() : List.of());
      case ".shared", ".global", ".const" -> {
        PtxVariable v = variable(word.substring(1));
        tokens.expect(";");
        variables.put(v.name(), v);
      }
      case ";" -> {}
      default -> throw tokens.error("unknown directive '%s'".formatted(word));
    }
  }

  private void readBody(Map<String, PtxBody> into, List<PtxVariable> results) {
    int line = tokens.line();
    body = new PtxBody(tokens.take(), line);
    source = "";
    body.results.addAll(results);
    if (tokens.peek().equals("(")) {
      body.parameters.addAll(parameters());
    }
    while (!tokens.peek().equals("{")) {
      String word = tokens.take();
      switch (word) {
        case ".maxntid", ".reqntid" -> {
          int threads = tokens.number();
          while (tokens.accept(",")) {
            threads *= tokens.number();
          }
          body.maxThreads = threads;
        }
        case ".minnctapersm", ".maxnreg" -> tokens.number();
        case ".noreturn" -> {}
        case ".pragma" -> tokens.skipTo(";");
        case ";" -> {
          return; // a declaration only
        }
        default -> throw tokens.error("unknown directive '%s' of a kernel".formatted(word));
      }
    }
    block();
    into.put(body.name, body);
  }

  private List<PtxVariable> parameters() {
    List<PtxVariable> list = new ArrayList<>();
    tokens.expect("(");
    while (!tokens.accept(")")) {
      tokens.expect(".param");
      list.add(variable("param"));
      tokens.accept(",");
    }
    return list;
  }

  /** After the space: [.align n] .type name [dimensions] [= values]. */
  private PtxVariable variable(String space) {
    int align = 0;
    String type = null;
    while (tokens.peek().startsWith(".")) {
      String word = tokens.take();
      switch (word) {
        case ".align" -> align = tokens.number();
        case ".ptr" -> {}
        case ".global", ".const", ".shared", ".local" -> {}
        default -> {
          if (!PtxType.isType(word.substring(1))) {
            throw tokens.error("unknown type '%s' of a variable".formatted(word));
          }
          type = word.substring(1);
        }
      }
    }
    if (type == null) {
      throw tokens.error("a variable without a type");
    }
    String name = tokens.take();
    int bytes = PtxType.bytes(type);
    align = Math.max(align, bytes);
    while (tokens.accept("[")) {
      bytes *= tokens.number();
      tokens.expect("]");
    }
    byte[] initial = null;
    if (tokens.accept("=")) {
      initial = initial(type, bytes);
    }
    return new PtxVariable(name, space, type, align, bytes, initial);
  }

  private byte[] initial(String type, int bytes) {
    ByteBuffer values = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean list = tokens.accept("{");
    do {
      long bits = PtxType.bits(type, literal(), tokens);
      for (int i = 0; i < PtxType.bytes(type); i++) {
        values.put((byte) (bits >> 8 * i));
      }
    } while (list && tokens.accept(","));
    if (list) {
      tokens.expect("}");
    }
    return values.array();
  }

  private String literal() {
    return tokens.accept("-") ? "-" + tokens.take() : tokens.take();
  }

  private void block() {
    tokens.expect("{");
    scopes.push(new HashMap<>());
    scopeCount++;
    while (!tokens.accept("}")) {
      if (tokens.peek().equals("{")) {
        block();
      } else {
        bodyStatement();
      }
    }
    scopes.pop();
  }

  private void bodyStatement() {
    int line = tokens.line();
    String word = tokens.take();
    switch (word) {
      case ";" -> {}
      case ".reg" -> registers();
      case ".shared", ".local", ".param" -> {
        PtxVariable v = variable(word.substring(1));
        tokens.expect(";");
        String name = declare(v.name());
        body.variables.put(
            name, new PtxVariable(name, v.space(), v.type(), v.align(), v.bytes(), v.initial()));
      }
      case ".loc" -> {
        source = files.getOrDefault(tokens.number(), "?") + ":" + tokens.number();
        tokens.skipLine();
      }
      case ".pragma" -> tokens.skipTo(";");
      case "@" -> {
        boolean negated = tokens.accept("!");
        instruction(line, resolve(tokens.take()), negated, tokens.take());
      }
      default -> {
        if (tokens.accept(":")) {
          label(word);
        } else {
          instruction(line, null, false, word);
        }
      }
    }
  }

  private void label(String name) {
    if (tokens.accept(".branchtargets")) {
      List<String> targets = new ArrayList<>();
      do {
        targets.add(tokens.take());
      } while (tokens.accept(","));
      tokens.expect(";");
      body.tables.put(name, targets);
    } else {
      body.labels.put(name, body.statements.size());
    }
  }

  private void registers() {
    String type = tokens.take().substring(1);
    if (!PtxType.isType(type)) {
      throw tokens.error("unknown type '.%s' of registers".formatted(type));
    }
    do {
      String name = tokens.take();
      if (tokens.accept("<")) {
        int count = tokens.number();
        tokens.expect(">");
        for (int i = 0; i < count; i++) {
          body.registers.put(declare(name + i), type);
        }
      } else {
        body.registers.put(declare(name), type);
      }
    } while (tokens.accept(","));
    tokens.expect(";");
  }

  /** Inner scopes may use a name again: each such name gets a number. */
  private String declare(String name) {
    String unique = scopes.size() == 1 ? name : name + "@" + scopeCount;
    scopes.peek().put(name, unique);
    return unique;
  }

  private String resolve(String name) {
    for (Map<String, String> scope : scopes) {
      if (scope.containsKey(name)) {
        return scope.get(name);
      }
    }
    return name;
  }

  private void instruction(int line, String guard, boolean negated, String opcode) {
    List<Operand> operands = new ArrayList<>();
    while (!tokens.accept(";")) {
      operands.add(operand());
      if (!tokens.peek().equals(";")) {
        tokens.expect(",");
      }
    }
    List<String> words = Arrays.asList(opcode.split("\\.+"));
    body.statements.add(new Statement(line, source, guard, negated, words, operands));
  }

  private Operand operand() {
    Operand first = simpleOperand();
    return tokens.accept("|") ? new Operand.Pair(first, simpleOperand()) : first;
  }

  private Operand simpleOperand() {
    if (tokens.accept("[")) {
      return address();
    }
    if (tokens.accept("{")) {
      return elements("}");
    }
    if (tokens.accept("(")) {
      return elements(")");
    }
    if (tokens.accept("!")) {
      return new Operand.Name(resolve(tokens.take()), true);
    }
    if (tokens.peek().equals("-") || Character.isDigit(tokens.peek().charAt(0))) {
      return new Operand.Literal(literal());
    }
    String name = resolve(tokens.take());
    if (tokens.accept("+")) {
      return new Operand.Address("&" + name, Long.decode(literal())); // a variable's address
    }
    return new Operand.Name(name, false);
  }

  private Operand elements(String end) {
    List<Operand> list = new ArrayList<>();
    while (!tokens.accept(end)) {
      list.add(simpleOperand());
      tokens.accept(",");
    }
    return new Operand.Vector(list);
  }

  private Operand address() {
    String base = null;
    long offset = 0;
    if (tokens.peek().equals("-") || Character.isDigit(tokens.peek().charAt(0))) {
      offset = Long.decode(literal());
    } else {
      base = resolve(tokens.take());
      if (tokens.accept("+") || tokens.peek().equals("-")) {
        offset = Long.decode(literal());
      }
    }
    tokens.expect("]");
    return new Operand.Address(base, offset);
  }
}
