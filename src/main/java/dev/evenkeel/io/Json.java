package dev.evenkeel.io;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.InjectableValues;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.evenkeel.EvenkeelException;

/**
 * Records as JSON texts and back; what a text lacks or has too much is an error. A property that
 * older texts lack has the JSON that stands for it in {@code @JacksonInject}.
 */
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
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS))
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .injectableValues(new Absent())
          .build();

  private static final class Absent extends InjectableValues {
    @Override
    @SuppressWarnings("deprecation") // the one without successor that must be overridden
    public Object findInjectableValue(
        Object json, DeserializationContext context, BeanProperty property, Object bean) {
      try {
        return MAPPER.readValue((String) json, property.getType());
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("Stands for no " + property.getName() + ": " + json, e);
      }
    }
  }

  private Json() {}

  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Can't be written as JSON: " + value.getClass(), e);
    }
  }

  /**
   * @param source named in the error
   */
  public static <T> T read(String text, Class<T> type, String source) {
    try {
      T value = MAPPER.readValue(text, type);
      if (value == null) {
        throw new EvenkeelException(
            "%s holds null, but a %s is needed".formatted(source, type.getSimpleName()));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new EvenkeelException(
          "%s does not hold a valid %s: %s"
              .formatted(source, type.getSimpleName(), e.getOriginalMessage()),
          e);
    }
  }
}
