package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts the bodies of functions where they are called: kernels have no stack then. */
final class Inliner {

  private final String file;
  private final Map<String, PtxBody> functions;
  private int copies;

  Inliner(String file, Map<String, PtxBody> functions) {
    this.file = file;
    this.functions = functions;
  }

  /** The same body without calls. */
  PtxBody inline(PtxBody body) {
    PtxBody flat = new PtxBody(body.name, body.line);
    flat.parameters.addAll(body.parameters);
    flat.maxThreads = body.maxThreads;
    copy(body, flat, new HashMap<>(), "", null, List.of(body.name));
    return flat;
  }

  /**
   * @param names what the names of the body are called in the copy, where they are set already
   * @param suffix of all other names
   * @param end label that returns jump to, or null where they stay returns
   * @param within functions that are being copied, the outermost first
   */
  private void copy(
      PtxBody body,
      PtxBody into,
      Map<String, String> names,
      String suffix,
      String end,
      List<String> within) {
    body.registers.forEach(
        (name, type) -> {
          names.put(name, name + suffix);
          into.registers.put(name + suffix, type);
        });
    body.variables.forEach(
        (name, v) -> {
          names.put(name, name + suffix);
          into.variables.put(
              name + suffix,
              new PtxVariable(name + suffix, v.space(), v.type(), v.align(), v.bytes(), null));
        });
    Map<Integer, List<String>> labels = new HashMap<>();
    body.labels.forEach(
        (name, at) -> {
          names.put(name, name + suffix);
          labels.computeIfAbsent(at, x -> new ArrayList<>()).add(name + suffix);
        });
    body.tables.forEach(
        (name, targets) -> {
          names.put(name, name + suffix);
          into.tables.put(name + suffix, targets.stream().map(t -> t + suffix).toList());
        });
    for (int i = 0; i <= body.statements.size(); i++) {
      for (String label : labels.getOrDefault(i, List.of())) {
        into.labels.put(label, into.statements.size());
      }
      if (i < body.statements.size()) {
        copy(body.statements.get(i), into, names, end, within);
      }
    }
  }

  private void copy(
      Statement s, PtxBody into, Map<String, String> names, String end, List<String> within) {
    String guard = s.guard() == null ? null : names.get(s.guard());
    List<Operand> operands = s.operands().stream().map(o -> rename(o, names)).toList();
    String head = s.words().get(0);
    if (head.equals("call")) {
      call(s, operands, into, within);
    } else if (head.equals("ret") && end != null) {
      into.statements.add(
          new Statement(
              s.line(),
              s.source(),
              guard,
              s.guardNegated(),
              List.of("bra"),
              List.of(new Operand.Name(end, false))));
    } else {
      into.statements.add(
          new Statement(s.line(), s.source(), guard, s.guardNegated(), s.words(), operands));
    }
  }

  private void call(Statement s, List<Operand> operands, PtxBody into, List<String> within) {
    int at = operands.get(0) instanceof Operand.Vector ? 1 : 0;
    String name = operands.get(at) instanceof Operand.Name n ? n.name() : "?";
    PtxBody function = functions.get(name);
    if (function == null || s.guard() != null || within.contains(name)) {
      throw new PtxException(
          file,
          s.line(),
          function == null
              ? "call of '%s', which this file does not define".formatted(name)
              : "call of '%s' under a guard or by itself is not simulated".formatted(name));
    }
    Map<String, String> names = new HashMap<>();
    if (at == 1) {
      bind(function.results, (Operand.Vector) operands.get(0), names);
    }
    if (operands.size() > at + 1) {
      bind(function.parameters, (Operand.Vector) operands.get(at + 1), names);
    }
    String suffix = "#" + ++copies;
    List<String> inner = new ArrayList<>(within);
    inner.add(name);
    copy(function, into, names, suffix, "end" + suffix, inner);
    into.labels.put("end" + suffix, into.statements.size());
  }

  private static void bind(
      List<PtxVariable> formal, Operand.Vector actual, Map<String, String> names) {
    for (int i = 0; i < formal.size(); i++) {
      names.put(formal.get(i).name(), ((Operand.Name) actual.elements().get(i)).name());
    }
  }

  private static Operand rename(Operand operand, Map<String, String> names) {
    if (operand instanceof Operand.Name n) {
      return new Operand.Name(names.getOrDefault(n.name(), n.name()), n.negated());
    }
    if (operand instanceof Operand.Address a && a.base() != null) {
      boolean of = a.base().startsWith("&");
      String base = of ? a.base().substring(1) : a.base();
      return new Operand.Address((of ? "&" : "") + names.getOrDefault(base, base), a.offset());
    }
    if (operand instanceof Operand.Vector v) {
      return new Operand.Vector(v.elements().stream().map(e -> rename(e, names)).toList());
    }
    if (operand instanceof Operand.Pair p) {
      return new Operand.Pair(rename(p.first(), names), rename(p.second(), names));
    }
    return operand;
  }
}
