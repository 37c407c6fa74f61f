package io.expertmesh.protocol.transport;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.expertmesh.protocol.v1.DType;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * How to read the shape of the rows from a header message.
 *
 * @param name of the message, for errors
 * @param parser parser of the header
 * @param rowCount rows of the payload
 * @param width elements of a row
 * @param dtype element type on the wire
 */
record RowShape<H extends Message>(
    String name,
    Parser<H> parser,
    ToIntFunction<H> rowCount,
    ToIntFunction<H> width,
    Function<H, DType> dtype) {
  RowShape {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(parser, "parser");
    Objects.requireNonNull(rowCount, "rowCount");
    Objects.requireNonNull(width, "width");
    Objects.requireNonNull(dtype, "dtype");
  }

  /**
   * Checks a payload against its header.
   *
   * @return the element type; fp32 for an empty payload that names none
   */
  RowFormat check(H header, long payloadBytes) {
    long rows = Integer.toUnsignedLong(rowCount.applyAsInt(header));
    long columns = Integer.toUnsignedLong(width.applyAsInt(header));
    DType type = dtype.apply(header);
    RowFormat format =
        switch (type) {
          case DTYPE_F32 -> RowFormat.F32;
          case DTYPE_BF16 -> RowFormat.BF16;
          case DTYPE_UNSPECIFIED -> {
            if (payloadBytes != 0) {
              throw RowErrors.invalid(
                  name + ".dtype is not set, but rows has " + payloadBytes + " bytes");
            }
            yield RowFormat.F32;
          }
          case UNRECOGNIZED -> throw RowErrors.invalid(name + ".dtype is not a known type");
        };
    // Two unsigned 32-bit factors fit into 64 bits, where a huge product looks negative.
    long elements = rows * columns;
    if (elements < 0 || elements > Integer.MAX_VALUE || elements * format.bytes() != payloadBytes) {
      throw RowErrors.invalid(
          name
              + ".rows has "
              + payloadBytes
              + " bytes, but row_count "
              + rows
              + " × width "
              + columns
              + " × "
              + format.bytes()
              + " bytes per element does not equal that");
    }
    return format;
  }
}
