package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One oneDNN matrix product of fixed shape: {@code rows × K} inputs by the weights of {@code N × K}
 * to {@code rows × N} fp32 outputs. The library chooses the layout of the weights for the first
 * product of a shape; products of other row counts are then made for the same layout.
 *
 * <p>A product runs with as many threads as {@link OneDnn#useThreads} allowed when it was made. It
 * does not change, and any number of {@link Call}s of it may run at a time.
 */
public final class OneDnnProduct implements AutoCloseable {
  /** Types of the operands; sums and outputs are fp32. */
  public enum Type {
    /** fp32 inputs and weights. */
    F32(OneDnn.F32, OneDnn.F32),
    /** bf16 inputs and weights. */
    BF16(OneDnn.BF16, OneDnn.BF16),
    /** fp32 inputs (which the library may round to bf16) and bf16 weights. */
    MIXED(OneDnn.F32, OneDnn.BF16);

    private final int input;
    private final int weights;

    Type(int input, int weights) {
      this.input = input;
      this.weights = weights;
    }

    /** Bytes of one input. */
    public int inputBytes() {
      return input == OneDnn.F32 ? Float.BYTES : Short.BYTES;
    }

    /** Bytes of one weight. */
    public int weightBytes() {
      return weights == OneDnn.F32 ? Float.BYTES : Short.BYTES;
    }
  }

  private static final int QUERY_WEIGHTS = 131;
  private static final int QUERY_SCRATCHPAD = 136;
  private static final int SRC = 1;
  private static final int DST = 17;
  private static final int WEIGHTS = 33;
  private static final int SCRATCHPAD = 80;
  private static final int SCRATCHPAD_OF_CALLER = 1;
  private static final int FPMATH_BF16 = 1;
  private static final int ARGUMENT_BYTES = 16;

  /** In place of an address: no data yet, or memory that the library owns. */
  private static final long NO_DATA = 0;

  private static final long OWN_DATA = -1;
  private static final ValueLayout.OfLong ADDRESS = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private final OneDnn library;
  private final Type type;
  private final int rows;
  private final int columns;
  private final int outputs;
  private final long descriptor;
  private final long inputShape;
  private final long layout;
  private final long outputShape;
  private final long scratchpad;
  private final long primitive;

  private OneDnnProduct(OneDnn library, Type type, int rows, int columns, int outputs, long fixed) {
    this.library = library;
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.outputs = outputs;
    inputShape = shape(rows, columns, type.input, OneDnn.TAG_AB);
    outputShape = shape(rows, outputs, OneDnn.F32, OneDnn.TAG_AB);
    long anyLayout = shape(columns, outputs, type.weights, OneDnn.TAG_ANY);
    long attributes = attributes();
    MemoryLayout[] six = {ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS};
    long wanted = fixed == 0 ? anyLayout : fixed;
    String make = "dnnl_matmul_primitive_desc_create";
    descriptor =
        library.create(
            make, six, library.engine(), inputShape, wanted, 0L, outputShape, attributes);
    layout = described(QUERY_WEIGHTS);
    scratchpad = described(QUERY_SCRATCHPAD);
    primitive = library.create("dnnl_primitive_create", new MemoryLayout[] {ADDRESS}, descriptor);
    library.destroy("dnnl_memory_desc_destroy", anyLayout);
    library.destroy("dnnl_primitive_attr_destroy", attributes);
  }

  /** Scratch memory belongs to a call: the library's own would tie a product to one thread. */
  private long attributes() {
    long attributes = library.create("dnnl_primitive_attr_create", new MemoryLayout[0]);
    library.run(
        "dnnl_primitive_attr_set_scratchpad_mode",
        new MemoryLayout[] {ADDRESS, INT},
        attributes,
        SCRATCHPAD_OF_CALLER);
    if (type == Type.MIXED) {
      library.run(
          "dnnl_primitive_attr_set_fpmath_mode_v2",
          new MemoryLayout[] {ADDRESS, INT, INT},
          attributes,
          FPMATH_BF16,
          1);
    }
    return attributes;
  }

  private long described(int what) {
    return library.query(
        "dnnl_primitive_desc_query_md",
        new MemoryLayout[] {ADDRESS, INT, INT},
        descriptor,
        what,
        0);
  }

  /**
   * A product whose weights have the layout that the library likes best.
   *
   * @throws IllegalStateException if the library has no such product on this machine
   */
  public static OneDnnProduct of(OneDnn library, Type type, int rows, int columns, int outputs) {
    return new OneDnnProduct(library, type, rows, columns, outputs, 0);
  }

  /** A product of another number of rows with weights in the layout of this one. */
  public OneDnnProduct withRows(int count) {
    return new OneDnnProduct(library, type, count, columns, outputs, layout);
  }

  /** Rows of a run. */
  public int rows() {
    return rows;
  }

  /**
   * Brings weights into the layout of this product.
   *
   * @param plain {@code N × K} weights, row-major
   * @param owner arena of the result
   */
  public MemorySegment pack(MemorySegment plain, Arena owner) {
    MemorySegment packed = WeightMemory.allocate(packedBytes(), owner);
    pack(plain, packed);
    return packed;
  }

  /** Brings weights into the layout of this product, in memory of {@link #packedBytes}. */
  void pack(MemorySegment plain, MemorySegment packed) {
    long plainShape = shape(columns, outputs, type.weights, OneDnn.TAG_BA);
    MemoryLayout[] five = {ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS};
    String make = "dnnl_reorder_primitive_desc_create";
    long engine = library.engine();
    long reorder = library.create(make, five, plainShape, engine, layout, engine, 0L);
    long step = library.create("dnnl_primitive_create", new MemoryLayout[] {ADDRESS}, reorder);
    long from = memory(plainShape, plain.address());
    long to = memory(layout, packed.address());
    long stream = library.newStream();
    try (Arena scratch = Arena.ofConfined()) {
      library.execute(step, stream, 2, arguments(scratch, SRC, from, DST, to));
    }
    library.destroy("dnnl_stream_destroy", stream);
    library.destroy("dnnl_primitive_destroy", step);
    library.destroy("dnnl_primitive_desc_destroy", reorder);
    library.destroy("dnnl_memory_destroy", from);
    library.destroy("dnnl_memory_destroy", to);
    library.destroy("dnnl_memory_desc_destroy", plainShape);
  }

  /** Bytes of packed weights. */
  long packedBytes() {
    return bytes(layout);
  }

  /** What one thread at a time needs to run this product. */
  public Call newCall() {
    return new Call(this);
  }

  /** Frees the product; its calls must have been closed. */
  @Override
  public void close() {
    library.destroy("dnnl_primitive_destroy", primitive);
    library.destroy("dnnl_primitive_desc_destroy", descriptor);
    library.destroy("dnnl_memory_desc_destroy", inputShape);
    library.destroy("dnnl_memory_desc_destroy", outputShape);
  }

  private long bytes(long shape) {
    return library.query("dnnl_memory_desc_get_size", new MemoryLayout[] {ADDRESS}, shape);
  }

  private long shape(int first, int second, int dataType, int tag) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment dims = scratch.allocateFrom(ADDRESS, first, second);
      MemoryLayout[] layouts = {INT, ADDRESS, INT, INT};
      String function = "dnnl_memory_desc_create_with_tag";
      return library.create(function, layouts, 2, dims.address(), dataType, tag);
    }
  }

  private long memory(long shape, long data) {
    MemoryLayout[] layouts = {ADDRESS, ADDRESS, ADDRESS};
    return library.create("dnnl_memory_create", layouts, shape, library.engine(), data);
  }

  /** Pairs of an argument's number and its memory, as the library reads them. */
  private static long arguments(Arena arena, long... pairs) {
    MemorySegment array = arena.allocate((long) pairs.length / 2 * ARGUMENT_BYTES, 8);
    for (int i = 0; i < pairs.length / 2; i++) {
      array.set(INT, (long) i * ARGUMENT_BYTES, (int) pairs[2 * i]);
      array.set(ADDRESS, (long) i * ARGUMENT_BYTES + 8, pairs[2 * i + 1]);
    }
    return array.address();
  }

  /** Operands and scratch memory of a product, for one run at a time. */
  public static final class Call implements AutoCloseable {
    private final OneDnn library;
    private final Arena arena = Arena.ofShared();
    private final long primitive;
    private final long stream;
    private final long input;
    private final long weights;
    private final long output;
    private final long scratch;
    private final long arguments;
    private final int argumentCount;

    private Call(OneDnnProduct product) {
      library = product.library;
      primitive = product.primitive;
      stream = library.newStream();
      input = product.memory(product.inputShape, NO_DATA);
      weights = product.memory(product.layout, NO_DATA);
      output = product.memory(product.outputShape, NO_DATA);
      boolean needsScratch = product.bytes(product.scratchpad) > 0;
      scratch = needsScratch ? product.memory(product.scratchpad, OWN_DATA) : NO_DATA;
      argumentCount = needsScratch ? 4 : 3;
      arguments = arguments(arena, SRC, input, WEIGHTS, weights, DST, output, SCRATCHPAD, scratch);
    }

    /**
     * Computes one product.
     *
     * @param x address of {@code rows × K} inputs
     * @param packed address of weights from {@link OneDnnProduct#pack}
     * @param y address of {@code rows × N} fp32 outputs
     */
    public void run(long x, long packed, long y) {
      library.setData(input, x);
      library.setData(weights, packed);
      library.setData(output, y);
      library.execute(primitive, stream, argumentCount, arguments);
    }

    @Override
    public void close() {
      library.destroy("dnnl_memory_destroy", input);
      library.destroy("dnnl_memory_destroy", weights);
      library.destroy("dnnl_memory_destroy", output);
      if (scratch != NO_DATA) {
        library.destroy("dnnl_memory_destroy", scratch);
      }
      library.destroy("dnnl_stream_destroy", stream);
      arena.close();
    }
  }
}
