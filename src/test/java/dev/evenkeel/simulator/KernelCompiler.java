package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes a program of a kernel as written. */
final class KernelCompiler {

  /** Between two shared variables: a multiple of the banks' width, so that conflicts stay. */
  private static final int GAP = 128;

  private final String file;
  private final PtxBody body;
  private final Slots slots;
  private final Operands operands;
  private final IntegerForms integers;
  private final FloatForms floats;
  private final MoveForms moves;
  private final MemoryForms memory;
  private final WarpForms warps;
  private final Map<String, Long> offsets = new HashMap<>();
  private final List<Instruction> code = new ArrayList<>();

  /** Static shared memory as the GPU counts it, without gaps. */
  int sharedBytes;

  private byte[] sharedShadow = new byte[0];
  private int localBytes;

  KernelCompiler(String file, PtxBody body, Map<String, PtxVariable> globals) {
    this.file = file;
    this.body = body;
    slots = new Slots(body.registers);
    operands = new Operands(file, slots, offsets, globals, body.variables.keySet());
    integers = new IntegerForms(operands);
    floats = new FloatForms(operands);
    moves = new MoveForms(operands);
    memory = new MemoryForms(operands);
    warps = new WarpForms(operands);
    layOut(globals);
  }

  static int align(int offset, int to) {
    return (offset + to - 1) / to * to;
  }

  private void layOut(Map<String, PtxVariable> globals) {
    int offset = 0;
    for (PtxVariable p : body.parameters) {
      offset = align(offset, p.align());
      offsets.put(p.name(), (long) offset);
      offset += p.bytes();
    }
    List<PtxVariable> shared = new ArrayList<>(body.variables.values());
    globals.values().stream().filter(v -> uses(v.name())).forEach(shared::add);
    for (PtxVariable v : shared) {
      if (v.space().equals("shared")) {
        placeShared(v);
      } else if (v.space().equals("local") || v.space().equals("param")) {
        // Arguments of calls are the thread's own memory.
        localBytes = align(localBytes, v.align());
        offsets.put(v.name(), (long) localBytes);
        localBytes += v.bytes();
      }
    }
  }

  private boolean uses(String variable) {
    for (Statement s : body.statements) {
      for (Operand operand : s.operands()) {
        if (operand instanceof Operand.Name n && n.name().equals(variable)
            || operand instanceof Operand.Address a
                && a.base() != null
                && (a.base().equals(variable) || a.base().equals("&" + variable))) {
          return true;
        }
      }
    }
    return false;
  }

  private void placeShared(PtxVariable v) {
    sharedBytes = align(sharedBytes, v.align()) + v.bytes();
    int from = sharedShadow.length;
    offsets.put(v.name(), (long) from);
    sharedShadow = Arrays.copyOf(sharedShadow, align(from + v.bytes(), GAP) + GAP);
    Arrays.fill(sharedShadow, from + v.bytes(), sharedShadow.length, (byte) 2);
  }

  Program compile() {
    int[] starts = new int[body.statements.size() + 1];
    for (int i = 0; i < body.statements.size(); i++) {
      starts[i] = code.size();
      add(body.statements.get(i));
    }
    starts[body.statements.size()] = code.size();
    Statement end = new Statement(lastLine(), "", null, false, List.of("ret"), List.of());
    append(end, new WarpInstructions.Exit());
    link(starts);
    return new Program(
        file,
        code.toArray(Instruction[]::new),
        slots.initialInts(),
        slots.initialLongs(),
        slots.initialPredicates(),
        slots.addresses,
        slots.specials,
        sharedShadow,
        localBytes,
        memory.sites,
        memory.granule);
  }

  private int lastLine() {
    return body.statements.isEmpty()
        ? body.line
        : body.statements.get(body.statements.size() - 1).line();
  }

  private void add(Statement s) {
    operands.statement = s;
    if (s.words().get(0).equals("bra")) {
      append(s, new WarpInstructions.Branch());
      return;
    }
    if (s.words().get(0).equals("brx")) {
      append(s, new WarpInstructions.IndexedBranch(operands.int32(0, "u32")));
      return;
    }
    Instruction made = warps.compile(s);
    if (made == null) {
      made = memory.compile(s);
    }
    if (made == null) {
      made = moves.compile(s);
    }
    if (made == null && Set.of("f32", "f64").contains(s.last())) {
      made = floats.compile(s);
    }
    if (made == null
        && PtxType.isType(s.last())
        && !PtxType.isFloat(s.last())
        && !s.last().equals("pred")) {
      made = integers.compile(s);
    }
    if (made == null) {
      throw operands.unknown();
    }
    append(s, made);
    if (made instanceof WarpInstructions.ReducingBarrier) {
      append(s, warps.reduced(s));
    }
  }

  private void append(Statement s, Instruction instruction) {
    operands.statement = s;
    instruction.statement = s;
    instruction.mnemonic = s.opcode();
    if (s.guard() != null) {
      instruction.guard = operands.predicate(new Operand.Name(s.guard(), false)).index();
      instruction.guardNegated = s.guardNegated();
    }
    code.add(instruction);
  }

  private int target(Statement s, String label, int[] starts) {
    Integer statement = body.labels.get(label);
    if (statement == null) {
      operands.statement = s;
      throw operands.error("unknown label '%s'".formatted(label));
    }
    return starts[statement];
  }

  private boolean isReturn(int index) {
    return code.get(index) instanceof WarpInstructions.Exit && code.get(index).guard < 0;
  }

  /** Sets the targets of branches, and where their lanes meet. */
  private void link(int[] starts) {
    List<int[]> successors = new ArrayList<>();
    for (int i = 0; i < code.size(); i++) {
      Instruction at = code.get(i);
      Statement s = at.statement;
      boolean goesOn = at.guard >= 0;
      if (at instanceof WarpInstructions.Branch branch) {
        operands.statement = s;
        branch.target = target(s, operands.label(0), starts);
        if (isReturn(branch.target)) {
          // Lanes that jump to a return are gone at once: others must not wait for them.
          Instruction exit = new WarpInstructions.Exit();
          code.set(i, exit);
          exit.statement = s;
          exit.mnemonic = at.mnemonic;
          exit.guard = at.guard;
          exit.guardNegated = at.guardNegated;
          successors.add(goesOn ? new int[] {i + 1} : new int[0]);
        } else {
          successors.add(goesOn ? new int[] {branch.target, i + 1} : new int[] {branch.target});
        }
      } else if (at instanceof WarpInstructions.IndexedBranch branch) {
        operands.statement = s;
        List<String> table = body.tables.get(operands.label(1));
        if (table == null) {
          throw operands.error("unknown table of branch targets");
        }
        branch.targets = table.stream().mapToInt(l -> target(s, l, starts)).toArray();
        successors.add(branch.targets);
      } else if (at instanceof WarpInstructions.Exit || at instanceof WarpInstructions.Trap) {
        successors.add(goesOn ? new int[] {i + 1} : new int[0]);
      } else {
        successors.add(new int[] {i + 1});
      }
    }
    int[] meeting = new ControlFlow(successors).meeting;
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof WarpInstructions.Branch branch) {
        branch.meeting = meeting[i];
      } else if (code.get(i) instanceof WarpInstructions.IndexedBranch branch) {
        branch.meeting = meeting[i];
      }
    }
  }
}
