package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One PTX file, parsed and made ready to run. */
public final class PtxModule {

  private final Map<String, PtxKernel> kernels = new LinkedHashMap<>();
  private final Map<String, PtxVariable> variables;
  private final String fileName;

  private PtxModule(PtxParser parsed, String fileName) {
    this.fileName = fileName;
    variables = parsed.variables;
    Inliner inliner = new Inliner(fileName, parsed.functions);
    for (PtxBody written : parsed.entries.values()) {
      PtxBody body = inliner.inline(written);
      KernelCompiler compiler = new KernelCompiler(fileName, body, variables);
      Program program = compiler.compile();
      kernels.put(
          body.name, new PtxKernel(this, body, parameters(body), compiler.sharedBytes, program));
    }
  }

  /**
   * @param fileName for messages
   */
  public static PtxModule parse(String text, String fileName) {
    return new PtxModule(new PtxParser(text, fileName), fileName);
  }

  private static List<PtxKernel.Parameter> parameters(PtxBody body) {
    List<PtxKernel.Parameter> list = new ArrayList<>();
    int offset = 0;
    for (PtxVariable p : body.parameters) {
      offset = KernelCompiler.align(offset, p.align());
      list.add(new PtxKernel.Parameter(p.name(), p.type(), p.bytes(), offset));
      offset += p.bytes();
    }
    return list;
  }

  /** In the order of the file. */
  public Collection<PtxKernel> kernels() {
    return kernels.values();
  }

  public PtxKernel kernel(String name) {
    PtxKernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "no kernel %s in %s; it has %s".formatted(name, fileName, kernels.keySet()));
    }
    return kernel;
  }

  /** Puts the module's own variables into memory, zero where nothing else is said. */
  Map<String, Long> place(GlobalMemory memory) {
    Map<String, Long> placed = new HashMap<>();
    for (PtxVariable v : variables.values()) {
      if (!v.space().equals("shared") && v.bytes() > 0) {
        long address = memory.allocate(v.bytes(), "variable " + v.name() + " of " + fileName);
        memory.write(address, v.initial() == null ? new byte[v.bytes()] : v.initial());
        placed.put(v.name(), address);
      }
    }
    return placed;
  }
}
