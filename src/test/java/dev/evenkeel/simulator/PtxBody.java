package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A function or entry as written: what it declares, and its statements. */
final class PtxBody {

  final String name;
  final int line;
  final List<PtxVariable> results = new ArrayList<>();
  final List<PtxVariable> parameters = new ArrayList<>();

  /** Type of each register. */
  final Map<String, String> registers = new LinkedHashMap<>();

  /** Shared, local and param variables. */
  final Map<String, PtxVariable> variables = new LinkedHashMap<>();

  /** Index of the statement that each label stands before. */
  final Map<String, Integer> labels = new LinkedHashMap<>();

  /** Labels named by a .branchtargets. */
  final Map<String, List<String>> tables = new LinkedHashMap<>();

  final List<Statement> statements = new ArrayList<>();
  int maxThreads = 1024;

  PtxBody(String name, int line) {
    this.name = name;
    this.line = line;
  }
}
