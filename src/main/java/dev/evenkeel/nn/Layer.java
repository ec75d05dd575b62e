package dev.evenkeel.nn;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * One layer of a {@link Network}, as plain data. A new kind of layer is a record here and a block
 * that runs it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Linear.class, name = "linear"),
  @JsonSubTypes.Type(value = BatchNorm.class, name = "batch-norm"),
  @JsonSubTypes.Type(value = RowNorm.class, name = "row-norm"),
  @JsonSubTypes.Type(value = NormProp.class, name = "normprop"),
  @JsonSubTypes.Type(value = Activate.class, name = "activation"),
  @JsonSubTypes.Type(value = Dropout.class, name = "dropout"),
  @JsonSubTypes.Type(value = AlphaDropout.class, name = "alpha-dropout"),
  @JsonSubTypes.Type(value = Residual.class, name = "residual"),
})
public sealed interface Layer
    permits Linear, BatchNorm, RowNorm, NormProp, Activate, Dropout, AlphaDropout, Residual {}
