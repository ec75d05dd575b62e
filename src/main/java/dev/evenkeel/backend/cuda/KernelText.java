package dev.evenkeel.backend.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file of PTX in pieces, so that one kernel can be compiled without the others.
 *
 * @param header version, target, size of addresses
 * @param shared what several kernels may name: shared memory
 * @param kernels each kernel's own text, by its name
 */
record KernelText(String header, List<String> shared, Map<String, String> kernels) {

  private static final String ENTRY = ".visible .entry ";

  /** Cuts a file that {@code scripts/build-kernels} wrote: a kernel ends with a line "}". */
  static KernelText of(String file) {
    StringBuilder header = new StringBuilder();
    List<String> shared = new ArrayList<>();
    Map<String, String> kernels = new LinkedHashMap<>();
    StringBuilder kernel = null;
    String name = "";
    for (String line : file.split("\n")) {
      if (line.startsWith(ENTRY)) {
        name = line.substring(ENTRY.length(), line.indexOf('('));
        kernel = new StringBuilder();
      }
      if (kernel != null) {
        kernel.append(line).append('\n');
      } else if (line.startsWith(".shared ")) {
        shared.add(line);
      } else {
        header.append(line).append('\n');
      }
      if (line.equals("}")) {
        kernels.put(name, kernel.toString());
        kernel = null;
      }
    }
    return new KernelText(header.toString(), shared, kernels);
  }

  /** PTX of one kernel alone. */
  String alone(String name) {
    String kernel = kernels.get(name);
    StringBuilder text = new StringBuilder(header);
    for (String one : shared) {
      if (kernel.contains(nameOf(one))) {
        text.append(one).append('\n');
      }
    }
    return text.append(kernel).toString();
  }

  /** "warps" of ".shared .align 8 .b8 warps[64];". */
  private static String nameOf(String shared) {
    String name = shared.substring(shared.lastIndexOf(' ') + 1);
    return name.split("[\\[;]")[0];
  }
}
