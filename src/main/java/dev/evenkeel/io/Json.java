package dev.evenkeel.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evenkeel.EvenkeelException;
import java.util.Map;

/** Records as JSON texts and back; what a text lacks or has too much is an error. */
public final class Json {

  /** Brackets within brackets: far more than any description has, far fewer than a stack bears. */
  private static final int DEEPEST = 200;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  private static final String OTHER_VERSION =
      ". help: it may be of another version of Evenkeel; read it with that, or make it anew";

  private Json() {}

  public static String write(Object value) {
    return write(value, MAPPER.writer());
  }

  /** In ASCII alone, which consoles and pipes of any encoding pass on as it is. */
  public static String ascii(Object value) {
    return write(value, MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII));
  }

  private static String write(Object value, ObjectWriter writer) {
    try {
      return writer.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Can't be written as JSON: " + value.getClass(), e);
    }
  }

  /**
   * @param source named in the error
   */
  public static <T> T read(String text, Class<T> type, String source) {
    return read(text, type, source, Map.of());
  }

  /**
   * @param older what properties are that texts of older versions lack: their values by their
   *     names, behind those of what they are in, as in "format/decimal"
   */
  public static <T> T read(String text, Class<T> type, String source, Map<String, ?> older) {
    try {
      T value = older.isEmpty() ? MAPPER.readValue(text, type) : filled(text, type, older);
      if (value == null) {
        throw new EvenkeelException(
            "%s holds null, but a %s is needed".formatted(source, type.getSimpleName()));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new EvenkeelException(
          "%s does not hold a valid %s: %s".formatted(source, type.getSimpleName(), reason(e)), e);
    }
  }

  private static <T> T filled(String text, Class<T> type, Map<String, ?> older)
      throws JsonProcessingException {
    JsonNode tree = MAPPER.readTree(text);
    older.forEach(
        (name, value) -> {
          int last = name.lastIndexOf('/');
          JsonNode parent = last < 0 ? tree : tree.at("/" + name.substring(0, last));
          if (parent instanceof ObjectNode object) {
            object.putIfAbsent(name.substring(last + 1), MAPPER.valueToTree(value));
          }
        });
    return MAPPER.treeToValue(tree, type);
  }

  /** Jackson's words, but for those about its classes and settings. */
  private static String reason(JsonProcessingException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "it knows no property '%s'".formatted(unknown.getPropertyName()) + OTHER_VERSION;
    }
    String words = e.getOriginalMessage().replaceFirst(" \\(index \\d+\\);.*", "");
    return words.startsWith("Missing creator property") ? words + OTHER_VERSION : words;
  }
}
