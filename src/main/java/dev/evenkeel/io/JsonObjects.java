package dev.evenkeel.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The objects of a JSON file, one after the other, as in JSON Lines, or in one array. Of objects
 * within them the values are their own, called "user.age".
 */
public final class JsonObjects {

  private static final Pattern START =
      Pattern.compile("\\uFEFF?\\s*(\\[\\s*)?\\{\\s*(\"|}).*", Pattern.DOTALL);
  private static final int LONGEST_START = 4096;
  private static final int DEEPEST = 200;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNumberLength(1 << 20)
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as Python writes them
          .build();

  private JsonObjects() {}

  /** Receives each object, in order. */
  @FunctionalInterface
  public interface Receiver {
    /**
     * @param line where it begins, from 1
     * @param values as texts, in the file's order; "" of null, and null of an array
     */
    void accept(int line, Map<String, String> values);
  }

  /** Whether a file begins as one of objects does. */
  public static boolean matches(Path path) {
    byte[] first = Gzip.read(path, in -> in.readNBytes(LONGEST_START));
    return START.matcher(new String(first, StandardCharsets.UTF_8)).matches();
  }

  public static void read(Path path, Receiver receiver) {
    Gzip.read(
        path,
        in -> {
          try (JsonParser parser = FACTORY.createParser(in)) {
            parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
            try {
              read(path, parser, receiver);
            } catch (JsonProcessingException e) {
              throw new EvenkeelException(
                  "%s, line %d: this is no JSON: %s"
                      .formatted(path, parser.currentLocation().getLineNr(), reason(e)),
                  e);
            }
            return true;
          }
        });
  }

  /** The first of Jackson's sentences: what follows speaks of its own classes. */
  private static String reason(JsonProcessingException e) {
    return e.getOriginalMessage()
        .lines()
        .findFirst()
        .orElse("")
        .replaceAll(" \\(start marker.*", "");
  }

  private static void read(Path path, JsonParser parser, Receiver receiver) throws IOException {
    boolean inArray = parser.nextToken() == JsonToken.START_ARRAY;
    if (inArray) {
      parser.nextToken();
    }
    for (; parser.currentToken() != null; parser.nextToken()) {
      if (inArray && parser.currentToken() == JsonToken.END_ARRAY) {
        inArray = false;
        continue;
      }
      int line = parser.currentTokenLocation().getLineNr();
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw new EvenkeelException(
            "%s, line %d: an object is needed for each row, as {\"area\": 120, \"price\": 350000}, not %s."
                .formatted(path, line, parser.getText()));
      }
      Map<String, String> values = new LinkedHashMap<>();
      object("", parser, values);
      receiver.accept(line, values);
    }
  }

  /** Up to the end of the object that has begun. */
  private static void object(String prefix, JsonParser parser, Map<String, String> values)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = prefix + parser.currentName();
      switch (parser.nextToken()) {
        case START_OBJECT -> object(name + ".", parser, values);
        case START_ARRAY -> {
          parser.skipChildren();
          values.put(name, null);
        }
        case VALUE_NULL -> values.put(name, "");
        default -> values.put(name, parser.getText());
      }
    }
  }
}
