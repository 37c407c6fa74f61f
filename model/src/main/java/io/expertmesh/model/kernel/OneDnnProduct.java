package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One oneDNN matrix product of fixed shape: {@code rows × K} inputs by the weights of {@code N × K}
 * to {@code rows × N} fp32 outputs. The library chooses the layout of the weights for the first
 * product of a shape; products of other row counts are then made for the same layout. One call at a
 * time.
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
  private static final int SRC = 1;
  private static final int DST = 17;
  private static final int WEIGHTS = 33;
  private static final int FPMATH_BF16 = 1;
  private static final int ARGUMENT_BYTES = 16;
  private static final ValueLayout.OfLong ADDRESS = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private final OneDnn library;
  private final Arena arena = Arena.ofShared();
  private final Type type;
  private final int rows;
  private final int columns;
  private final int outputs;
  private final long descriptor;
  private final long layout;
  private final long primitive;
  private final long src;
  private final long weights;
  private final long dst;
  private final long arguments;

  private OneDnnProduct(OneDnn library, Type type, int rows, int columns, int outputs, long fixed) {
    this.library = library;
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.outputs = outputs;
    long srcShape = shape(rows, columns, type.input, OneDnn.TAG_AB);
    long anyLayout = shape(columns, outputs, type.weights, OneDnn.TAG_ANY);
    long dstShape = shape(rows, outputs, OneDnn.F32, OneDnn.TAG_AB);
    long attributes = library.create("dnnl_primitive_attr_create", new MemoryLayout[0]);
    if (type == Type.MIXED) {
      MemoryLayout[] layouts = {ADDRESS, INT, INT};
      String function = "dnnl_primitive_attr_set_fpmath_mode_v2";
      library.run(function, layouts, attributes, FPMATH_BF16, 1);
    }
    MemoryLayout[] six = {ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS};
    long wanted = fixed == 0 ? anyLayout : fixed;
    String make = "dnnl_matmul_primitive_desc_create";
    descriptor =
        library.create(make, six, library.engine(), srcShape, wanted, 0L, dstShape, attributes);
    layout =
        library.query(
            "dnnl_primitive_desc_query_md",
            new MemoryLayout[] {ADDRESS, INT, INT},
            descriptor,
            QUERY_WEIGHTS,
            0);
    primitive = library.create("dnnl_primitive_create", new MemoryLayout[] {ADDRESS}, descriptor);
    src = memory(srcShape);
    weights = memory(layout);
    dst = memory(dstShape);
    arguments = arguments(SRC, src, WEIGHTS, weights, DST, dst);
    library.destroy("dnnl_memory_desc_destroy", srcShape);
    library.destroy("dnnl_memory_desc_destroy", anyLayout);
    library.destroy("dnnl_memory_desc_destroy", dstShape);
    library.destroy("dnnl_primitive_attr_destroy", attributes);
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
    String size = "dnnl_memory_desc_get_size";
    long bytes = library.query(size, new MemoryLayout[] {ADDRESS}, layout);
    MemorySegment packed = owner.allocate(bytes, 64);
    long plainShape = shape(columns, outputs, type.weights, OneDnn.TAG_BA);
    MemoryLayout[] five = {ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS};
    String make = "dnnl_reorder_primitive_desc_create";
    long engine = library.engine();
    long reorder = library.create(make, five, plainShape, engine, layout, engine, 0L);
    long step = library.create("dnnl_primitive_create", new MemoryLayout[] {ADDRESS}, reorder);
    long from = memory(plainShape);
    library.setData(from, plain.address());
    library.setData(weights, packed.address());
    library.execute(step, 2, arguments(SRC, from, DST, weights));
    library.destroy("dnnl_primitive_destroy", step);
    library.destroy("dnnl_primitive_desc_destroy", reorder);
    library.destroy("dnnl_memory_destroy", from);
    library.destroy("dnnl_memory_desc_destroy", plainShape);
    return packed;
  }

  /**
   * Computes one product with the threads that {@link OneDnn} was told to use.
   *
   * @param input {@code rows × K} of the input type
   * @param packed weights from {@link #pack}
   * @param output {@code rows × N} in fp32
   */
  public void run(MemorySegment input, MemorySegment packed, MemorySegment output) {
    library.setData(src, input.address());
    library.setData(weights, packed.address());
    library.setData(dst, output.address());
    library.execute(primitive, 3, arguments);
  }

  @Override
  public void close() {
    library.destroy("dnnl_primitive_destroy", primitive);
    library.destroy("dnnl_memory_destroy", src);
    library.destroy("dnnl_memory_destroy", weights);
    library.destroy("dnnl_memory_destroy", dst);
    library.destroy("dnnl_primitive_desc_destroy", descriptor);
    arena.close();
  }

  private long shape(int first, int second, int dataType, int tag) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment dims = scratch.allocateFrom(ADDRESS, first, second);
      MemoryLayout[] layouts = {INT, ADDRESS, INT, INT};
      String function = "dnnl_memory_desc_create_with_tag";
      return library.create(function, layouts, 2, dims.address(), dataType, tag);
    }
  }

  private long memory(long shape) {
    MemoryLayout[] layouts = {ADDRESS, ADDRESS, ADDRESS};
    return library.create("dnnl_memory_create", layouts, shape, library.engine(), 0L);
  }

  /** Pairs of an argument's number and its memory, as the library reads them. */
  private long arguments(long... pairs) {
    MemorySegment array = arena.allocate((long) pairs.length / 2 * ARGUMENT_BYTES, 8);
    for (int i = 0; i < pairs.length / 2; i++) {
      array.set(INT, (long) i * ARGUMENT_BYTES, (int) pairs[2 * i]);
      array.set(ADDRESS, (long) i * ARGUMENT_BYTES + 8, pairs[2 * i + 1]);
    }
    return array.address();
  }
}
