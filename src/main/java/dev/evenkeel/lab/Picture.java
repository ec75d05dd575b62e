package dev.evenkeel.lab;

import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.util.Optional;
import org.apache.batik.transcoder.SVGAbstractTranscoder;
import org.apache.batik.transcoder.TranscoderException;
import org.apache.batik.transcoder.TranscoderInput;
import org.apache.batik.transcoder.TranscoderOutput;
import org.apache.batik.transcoder.image.PNGTranscoder;

/**
 * SVG as PNG, at twice its size.
 *
 * @param png empty where it can't be made
 * @param problem why not
 */
record Picture(Optional<byte[]> png, String problem) {

  private static final float WIDTH = 2f * LetsPlot.WIDTH;

  /** Java draws texts only where the system has fonts: without, it throws whatever it likes. */
  static Picture of(String svg) {
    PNGTranscoder transcoder = new PNGTranscoder();
    transcoder.addTranscodingHint(SVGAbstractTranscoder.KEY_WIDTH, WIDTH);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      transcoder.transcode(new TranscoderInput(new StringReader(svg)), new TranscoderOutput(png));
      return new Picture(Optional.of(png.toByteArray()), "");
    } catch (TranscoderException | RuntimeException | LinkageError | InternalError e) {
      return new Picture(
          Optional.empty(),
          "No PNG could be made of the figures, only SVG: Java found no fonts or no AWT here (%s). help: install fontconfig and a font, such as fonts-dejavu-core, and a JDK that is not \"headless\" without them"
              .formatted(e));
    }
  }
}
