package dev.evenkeel.lab;

import dev.evenkeel.report.Html;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Findings as one page that needs nothing else: no script, no style sheet, no picture from afar.
 */
final class Report {

  private static final String STYLE =
      """
      body { font: 17px/1.55 Helvetica, Arial, sans-serif; color: #1b1b1b; background: #fff;
             max-width: 58rem; margin: 2.5rem auto; padding: 0 1.2rem }
      h1 { font-size: 2rem; margin-bottom: .3rem }
      h2 { font-size: 1.5rem; margin-top: 3.5rem; border-top: 2px solid #ddd; padding-top: 1.5rem }
      h3 { font-size: 1.1rem; margin-top: 1.8rem }
      blockquote { margin: 1rem 0; padding: .4rem 1.2rem; border-left: 4px solid #0072b2;
                   background: #f3f7fa }
      table { border-collapse: collapse; margin: 1rem 0; font-size: .95rem }
      caption { text-align: left; font-weight: bold; padding-bottom: .4rem }
      th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #ddd; text-align: left;
               vertical-align: top }
      td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
      figure { margin: 1.2rem 0 } figure svg { width: 100%; height: auto }
      code { background: #f3f3f3; padding: .1rem .3rem; border-radius: 3px }
      .verdict { font-weight: bold; padding: .15rem .7rem; border-radius: 1rem; color: #fff;
                 white-space: nowrap }
      .HOLDS { background: #00795a } .PARTLY { background: #a86a00 }
      .DOES_NOT_HOLD { background: #b34700 } .OPEN { background: #6b6b6b }
      @media print { h2 { page-break-before: always } }
      """;

  private final Map<Chart, String> figures = new LinkedHashMap<>();

  /** All of them, with a table of verdicts on top where there are several. */
  String html(List<Finding> findings) {
    StringBuilder html = new StringBuilder();
    String title =
        findings.size() == 1 ? findings.get(0).about().title() : "The lab: claims, measured";
    html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>")
        .append(Html.element("title", title))
        .append("<style>")
        .append(STYLE)
        .append("</style></head><body>\n")
        .append(Html.element("h1", title));
    if (findings.size() > 1) {
      html.append(summary(findings));
    }
    findings.forEach(finding -> html.append(section(finding, findings.size() > 1)));
    return html.append("</body></html>\n").toString();
  }

  private static String summary(List<Finding> findings) {
    StringBuilder html = new StringBuilder("<table><thead><tr><th>claim</th><th>verdict</th>");
    html.append("</tr></thead><tbody>");
    for (Finding finding : findings) {
      About about = finding.about();
      html.append(
          "<tr><td><a href=\"#%s\">%s</a><br/>%s</td><td>%s</td></tr>\n"
              .formatted(
                  about.name(),
                  Html.text(about.title()),
                  Html.text(about.claim()),
                  badge(finding.verdict())));
    }
    return html.append("</tbody></table>\n").toString();
  }

  private static String badge(Verdict verdict) {
    return "<span class=\"verdict %s\">%s</span>".formatted(verdict, verdict.words());
  }

  private String section(Finding finding, boolean headed) {
    About about = finding.about();
    StringBuilder html = new StringBuilder("<section id=\"" + about.name() + "\">\n");
    if (headed) {
      html.append(Html.element("h2", about.title()));
    }
    html.append("<blockquote>The claim: ").append(Html.text(about.claim()));
    html.append("<br/>Source: ").append(Html.text(about.source())).append("</blockquote>\n");
    html.append("<p>").append(badge(finding.verdict())).append(" ");
    html.append(Html.text(reasons(finding))).append("</p>\n");
    finding
        .figures()
        .forEach(chart -> html.append("<figure>").append(svg(chart)).append("</figure>\n"));
    html.append(checks(finding));
    finding.tables().forEach(table -> html.append(table.html()).append("\n"));
    html.append(Html.element("h3", "How it was measured"));
    finding.method().forEach(paragraph -> html.append(Html.element("p", paragraph)));
    html.append("<table><tbody>");
    finding
        .conditions()
        .forEach(
            (what, value) ->
                html.append("<tr><td>")
                    .append(Html.text(what))
                    .append(what.equals("command") ? "</td><td><code>" : "</td><td>")
                    .append(Html.text(value))
                    .append(what.equals("command") ? "</code></td></tr>\n" : "</td></tr>\n"));
    return html.append("</tbody></table>\n</section>\n").toString();
  }

  /** What the experiment says, else what the checks say. */
  private static String reasons(Finding finding) {
    if (!finding.reasons().isEmpty()) {
      return String.join(" ", finding.reasons());
    }
    List<Check> judged =
        finding.checks().stream().filter(c -> c.isOfClaim() && c.isJudged()).toList();
    List<String> failed = new ArrayList<>();
    judged.stream().filter(check -> !check.passed()).forEach(check -> failed.add(check.what()));
    return "%d of %d checks passed%s."
        .formatted(
            judged.size() - failed.size(),
            judged.size(),
            failed.isEmpty() ? "" : "; not: " + String.join("; ", failed));
  }

  private static String checks(Finding finding) {
    Table claim = Table.of("", "The claim, in numbers", "what", "expected", "measured", "passed");
    Table literature =
        Table.of("", "Beside numbers from elsewhere", "what", "theirs", "measured", "agrees");
    for (Check check : finding.checks()) {
      (check.isOfClaim() ? claim : literature)
          .row(check.what(), check.expected(), check.measured(), check.answer());
    }
    return (claim.rows().isEmpty() ? "" : claim.html() + "\n")
        + (literature.rows().isEmpty() ? "" : literature.html() + "\n");
  }

  /** Drawn once, for the page and for its file. */
  String svg(Chart chart) {
    return figures.computeIfAbsent(chart, Chart::toSvg);
  }
}
