package dev.evenkeel.data;

/** Numbers that are no texts, as a file of this format would write them. */
record WrittenNumbers(TableFormat format, MissingWords missing) {

  WrittenNumbers(TableFormat format) {
    this(format, new MissingWords(format));
  }

  /**
   * @param number its text, with a decimal point
   */
  String text(String column, String number) {
    AmountForm form = format.amounts().get(column);
    boolean plain = form == null || missing.amongNumbers(number);
    return plain || Double.isNaN(Cells.number(number)) ? number : form.text(number);
  }
}
