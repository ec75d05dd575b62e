package dev.evenkeel.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an experiment found: put down piece by piece, in the order in which it is to be read. */
public final class Finding {

  private final About about;
  private final Scale scale;
  private final List<String> method = new ArrayList<>();
  private final List<Chart> charts = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();
  private final List<Table> data = new ArrayList<>();
  private final List<Check> checks = new ArrayList<>();
  private final List<String> reasons = new ArrayList<>();
  private final Map<String, String> conditions = new LinkedHashMap<>();

  Finding(About about, Scale scale) {
    this.about = about;
    this.scale = scale;
  }

  /** A paragraph on how it was measured. */
  public void method(String paragraph, Object... values) {
    method.add(words(paragraph, values));
  }

  public void figure(Chart chart) {
    charts.add(chart);
  }

  /** Shown in the report, and written as CSV. */
  public void table(Table table) {
    tables.add(table);
  }

  /** Written as CSV alone: what a figure was drawn from. */
  public void data(Table table) {
    data.add(table);
  }

  /** A part of the claim, as a number: {@code check("…", x).below(1e-12)}. */
  public Check check(String what, double measured) {
    return add(new Check(what, measured, true, scale));
  }

  /** A number that somebody published, beside ours; the verdict does not depend on it. */
  public Check published(String what, double measured) {
    return add(new Check(what, measured, false, scale));
  }

  private Check add(Check check) {
    checks.add(check);
    return check;
  }

  /** A sentence on why the verdict is what it is, with its numbers. */
  public void because(String sentence, Object... values) {
    reasons.add(words(sentence, values));
  }

  private static String words(String text, Object... values) {
    return values.length == 0 ? text : String.format(java.util.Locale.ROOT, text, values);
  }

  public Verdict verdict() {
    return Verdict.of(checks);
  }

  public About about() {
    return about;
  }

  public List<Check> checks() {
    return List.copyOf(checks);
  }

  public List<Chart> figures() {
    return List.copyOf(charts);
  }

  public List<Table> tables() {
    return List.copyOf(tables);
  }

  /** All that becomes a CSV file. */
  public List<Table> files() {
    List<Table> all = new ArrayList<>(tables);
    all.addAll(data);
    return all;
  }

  List<String> method() {
    return method;
  }

  List<String> reasons() {
    return reasons;
  }

  /** Command, machine, date: what the reader needs to see the same. */
  Map<String, String> conditions() {
    return conditions;
  }
}
