package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Gzip;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Files that people take for tables of text, but are none, by the bytes that they begin with. */
enum BinaryFile {
  /** With what follows always: columns of a CSV file may be called so. */
  PARQUET(
      "PAR1\u0015",
      "a Parquet file",
      "convert it, as by duckdb -csv -c \"from 'FILE'\" | evenkeel train --data -"),
  ARROW("ARROW1\0", "an Arrow file", "save it as CSV"),
  ZIP(
      "PK\u0003\u0004",
      "a zip file, as XLSX and NPZ files are",
      "save a spreadsheet as CSV, call an NPZ file .npz, and unpack others"),
  OLD_EXCEL("\u00d0\u00cf\u0011\u00e0", "an old Excel file (XLS)", "save it as CSV"),
  HDF5("\u0089HDF", "an HDF5 file", "save its arrays by np.save"),
  NPY("\u0093NUMPY", "an NPY file", "call it .npy"),
  GZIP("\u001f\u008b", "compressed by gzip twice", "unpack it once"),
  ZSTANDARD("(\u00b5/\u00fd", "compressed by zstd", "unpack it"),
  XZ("\u00fd7zXZ", "compressed by xz", "unpack it");

  private static final int LONGEST = 8;

  private final String start;
  private final String kind;
  private final String help;

  /**
   * @param start a character for each byte
   */
  BinaryFile(String start, String kind, String help) {
    this.start = start;
    this.kind = kind;
    this.help = help;
  }

  boolean matches(Path path) {
    return beginning(path).startsWith(start);
  }

  private static String beginning(Path path) {
    byte[] first = Gzip.read(path, in -> in.readNBytes(LONGEST));
    return new String(first, StandardCharsets.ISO_8859_1);
  }

  /** Refuses what no encoding makes a table of. */
  static void requireNone(Path path) {
    String beginning = beginning(path);
    for (BinaryFile one : values()) {
      if (beginning.startsWith(one.start)) {
        throw new EvenkeelException(
            "%s is %s, and no table of text. help: %s".formatted(path, one.kind, one.help));
      }
    }
  }
}
