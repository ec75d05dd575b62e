package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Gzip;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * From bytes to characters. Bytes that are none are refused: replaced, two different names would
 * become one.
 */
final class TextEncoding {

  private TextEncoding() {}

  /**
   * @param encoding "" for UTF-8, or for what the byte order mark says
   */
  static Reader open(InputStream in, String encoding) throws IOException {
    Charset charset = encoding.isEmpty() ? StandardCharsets.UTF_8 : Charset.forName(encoding);
    in.mark(3);
    int first = in.read();
    int second = in.read();
    boolean utf16 = first == 0xFE && second == 0xFF || first == 0xFF && second == 0xFE;
    boolean utf8 = first == 0xEF && second == 0xBB && in.read() == 0xBF;
    if (!utf8 || !charset.equals(StandardCharsets.UTF_8)) {
      in.reset();
    }
    if (utf16 && encoding.isEmpty()) {
      charset = StandardCharsets.UTF_16; // reads the mark itself
    }
    return new InputStreamReader(
        in,
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT));
  }

  /** Names the line of a file that can't be decoded. */
  static EvenkeelException refusal(Path path, String encoding) {
    String name = encoding.isEmpty() ? "UTF-8" : encoding;
    String help =
        encoding.isEmpty()
            ? "--encoding latin1 (or windows-1252, or what else it is in), or save it in UTF-8"
            : "another --encoding";
    int line = Gzip.read(path, in -> firstBadLine(in, encoding));
    return new EvenkeelException(
        "%s%s holds bytes that are no text in %s. help: %s"
            .formatted(path, line == 0 ? "" : ", line " + line, name, help));
  }

  /** From 1; 0 in encodings whose lines can't be told by their bytes. */
  private static int firstBadLine(InputStream in, String encoding) throws IOException {
    Charset charset = encoding.isEmpty() ? StandardCharsets.UTF_8 : Charset.forName(encoding);
    if ("\n".getBytes(charset).length != 1) {
      return 0;
    }
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int number = 1;
    for (int next = in.read(); ; next = in.read()) {
      if (next >= 0 && next != '\n') {
        line.write(next);
        continue;
      }
      try {
        charset.newDecoder().decode(ByteBuffer.wrap(line.toByteArray()));
      } catch (CharacterCodingException e) {
        return number;
      }
      if (next < 0) {
        return 0;
      }
      number++;
      line.reset();
    }
  }
}
