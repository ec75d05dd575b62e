package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipTest {

  private static final class Source extends ByteArrayInputStream {
    private boolean closed;

    Source(byte[] content) {
      super(content);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\u001f", "plain"})
  void whatIsNotCompressedIsReadAsItIs(String text) throws IOException {
    try (InputStream in = Gzip.open(new Source(text.getBytes(StandardCharsets.US_ASCII)))) {
      assertEquals(text, new String(in.readAllBytes(), StandardCharsets.US_ASCII));
    }
  }

  @Test
  void theSourceClosesWithItsContent() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(7);
    }
    Source source = new Source(bytes.toByteArray());
    try (InputStream in = Gzip.open(source)) {
      assertEquals(7, in.read());
      assertEquals(-1, in.read());
    }
    assertTrue(source.closed);
  }

  /** Else a service that is sent damaged files would run out of open ones. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 9, 10})
  void theSourceClosesWhereItsBeginningIsDamaged(int length) {
    byte[] damaged = new byte[length];
    damaged[0] = 0x1f;
    damaged[1] = (byte) 0x8b;
    Source source = new Source(damaged);
    assertThrows(IOException.class, () -> Gzip.open(source));
    assertTrue(source.closed);
  }
}
