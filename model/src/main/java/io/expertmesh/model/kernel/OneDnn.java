package io.expertmesh.model.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The oneDNN library of this process, called through its C interface. Handles are addresses.
 *
 * <p>The natives come from the class path and are written once to {@code expertmesh.natives} (a
 * system property; by default a folder in the user's cache or, if that cannot be written, in the
 * temporary folder). OpenMP threads are told to sleep when idle before the library is loaded:
 * spinning ones would take the cores from other processes.
 */
@SuppressWarnings("restricted") // calling a native library is what this class is for
public final class OneDnn {
  /** Where the natives are written. */
  public static final String NATIVES_PROPERTY = "expertmesh.natives";

  static final int F32 = 3;
  static final int BF16 = 2;
  static final int TAG_ANY = 1;
  static final int TAG_AB = 3;
  static final int TAG_BA = 14;
  private static final int CPU = 1;
  private static final int IN_ORDER = 1;
  private static final int ISA_AVX512_BF16 = 0xe7;
  private static final int ISA_AMX = 0xfef;

  private static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";
  private static final String[] FILES = {"libgomp.so.1", "libdnnl.so.3"};
  private static final ValueLayout.OfLong ADDRESS = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private static @Nullable OneDnn loaded;

  private final SymbolLookup symbols;

  /** One handle for each function that was called; to make one anew takes longer than the call. */
  private final Map<String, MethodHandle> handles = new ConcurrentHashMap<>();

  private final MethodHandle setThreads;
  private final MethodHandle execute;
  private final MethodHandle setData;
  private final long engine;
  private final int isa;
  private final String version;

  private OneDnn(Path folder) {
    quietThreads();
    SymbolLookup gomp = SymbolLookup.libraryLookup(folder.resolve(FILES[0]), Arena.global());
    symbols = SymbolLookup.libraryLookup(folder.resolve(FILES[1]), Arena.global());
    setThreads = handle(gomp, "omp_set_num_threads", FunctionDescriptor.ofVoid(INT));
    execute = handle("dnnl_primitive_execute", ADDRESS, ADDRESS, INT, ADDRESS);
    setData = handle("dnnl_memory_set_data_handle", ADDRESS, ADDRESS);
    engine = create("dnnl_engine_create", new MemoryLayout[] {INT, ADDRESS}, CPU, 0L);
    isa = (int) call("dnnl_get_effective_cpu_isa", INT, new MemoryLayout[0]);
    version = readVersion();
  }

  /**
   * The library, loaded at the first call.
   *
   * @throws IllegalStateException if it cannot be loaded here; the message is one sentence
   */
  public static synchronized OneDnn load() {
    OneDnn library = loaded;
    if (library == null) {
      String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
      if (!system.equals("Linux amd64")) {
        throw new IllegalStateException("oneDNN comes for Linux amd64 only, this is " + system);
      }
      try {
        library = new OneDnn(extract());
      } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
        throw new IllegalStateException("oneDNN could not be loaded: " + e.getMessage(), e);
      }
      loaded = library;
    }
    return library;
  }

  /** Version of the library, for example {@code 3.11.0}. */
  public String version() {
    return version;
  }

  /** The instruction set that the library computes with, as its results depend on it. */
  public String isa() {
    if (supports(ISA_AMX)) {
      return "amx-" + Integer.toHexString(isa);
    }
    return (supports(ISA_AVX512_BF16) ? "avx512bf16-" : "isa-") + Integer.toHexString(isa);
  }

  /** True if the machine multiplies bf16 in hardware. */
  public boolean hasBf16() {
    return supports(ISA_AVX512_BF16);
  }

  private boolean supports(int wanted) {
    return (isa & wanted) == wanted;
  }

  long engine() {
    return engine;
  }

  /** A stream of work; one run at a time. */
  long newStream() {
    return create("dnnl_stream_create", new MemoryLayout[] {ADDRESS, INT}, engine, IN_ORDER);
  }

  /** Sets how many threads the library uses for what this thread makes and runs from now on. */
  public void useThreads(int threads) {
    try {
      setThreads.invokeExact(threads);
    } catch (Throwable e) {
      throw new IllegalStateException("omp_set_num_threads failed", e);
    }
  }

  /** Runs a primitive on an array of arguments. */
  void execute(long primitive, long stream, int count, long arguments) {
    int status;
    try {
      status = (int) execute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("dnnl_primitive_execute failed", e);
    }
    check("dnnl_primitive_execute", status);
  }

  /** Points a memory object at data. */
  void setData(long memory, long data) {
    int status;
    try {
      status = (int) setData.invokeExact(memory, data);
    } catch (Throwable e) {
      throw new IllegalStateException("dnnl_memory_set_data_handle failed", e);
    }
    check("dnnl_memory_set_data_handle", status);
  }

  /** Frees what a {@code create} function made. */
  void destroy(String function, long handle) {
    run(function, new MemoryLayout[] {ADDRESS}, handle);
  }

  /** Calls a function whose first argument receives the handle it makes. */
  long create(String function, MemoryLayout[] layouts, Object... arguments) {
    MemoryLayout[] all = new MemoryLayout[layouts.length + 1];
    Object[] values = new Object[arguments.length + 1];
    all[0] = ADDRESS;
    System.arraycopy(layouts, 0, all, 1, layouts.length);
    System.arraycopy(arguments, 0, values, 1, arguments.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(ADDRESS);
      values[0] = result.address();
      run(function, all, values);
      return result.get(ADDRESS, 0);
    }
  }

  /** Calls a function that returns a status. */
  void run(String function, MemoryLayout[] layouts, Object... arguments) {
    check(function, (int) call(function, INT, layouts, arguments));
  }

  /** Calls a function that returns a handle. */
  long query(String function, MemoryLayout[] layouts, Object... arguments) {
    return (long) call(function, ADDRESS, layouts, arguments);
  }

  private MethodHandle handle(String function, MemoryLayout... layouts) {
    return handle(symbols, function, FunctionDescriptor.of(INT, layouts));
  }

  private static MethodHandle handle(
      SymbolLookup library, String function, FunctionDescriptor descriptor) {
    MemorySegment symbol =
        library
            .find(function)
            .orElseThrow(() -> new IllegalArgumentException(function + " is missing"));
    return Linker.nativeLinker().downcallHandle(symbol, descriptor);
  }

  private Object call(
      String function, MemoryLayout result, MemoryLayout[] layouts, Object... arguments) {
    MethodHandle handle =
        handles.computeIfAbsent(
            function,
            name -> spread(handle(symbols, name, FunctionDescriptor.of(result, layouts))));
    return call(handle, arguments);
  }

  /** A handle that takes its arguments as an array. */
  private static MethodHandle spread(MethodHandle handle) {
    return handle
        .asSpreader(Object[].class, handle.type().parameterCount())
        .asType(MethodType.methodType(Object.class, Object[].class));
  }

  private static Object call(MethodHandle spread, Object... arguments) {
    try {
      return (Object) spread.invokeExact(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("a call of oneDNN failed", e);
    }
  }

  private static void check(String function, int status) {
    if (status != 0) {
      throw new IllegalStateException(function + " returned status " + status);
    }
  }

  private String readVersion() {
    long address = query("dnnl_version", new MemoryLayout[0]);
    MemorySegment numbers = MemorySegment.ofAddress(address).reinterpret(3L * Integer.BYTES);
    return numbers.get(INT, 0) + "." + numbers.get(INT, 4) + "." + numbers.get(INT, 8);
  }

  /** Idle OpenMP threads sleep, unless the user's environment says otherwise. */
  private static void quietThreads() {
    Linker linker = Linker.nativeLinker();
    MethodHandle setenv =
        handle(
            linker.defaultLookup(),
            "setenv",
            FunctionDescriptor.of(INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, INT));
    try (Arena arena = Arena.ofConfined()) {
      call(spread(setenv), arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("passive"), 0);
    }
  }

  private static Path extract() throws IOException {
    String configured = System.getProperty(NATIVES_PROPERTY);
    if (configured != null) {
      return extract(Path.of(configured));
    }
    try {
      return extract(Path.of(System.getProperty("user.home"), ".cache", "expertmesh", "natives"));
    } catch (IOException e) {
      return extract(Path.of(System.getProperty("java.io.tmpdir"), "expertmesh-natives"));
    }
  }

  /** Writes what is not there yet; other processes may do the same at the same time. */
  private static Path extract(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String name : FILES) {
      try (InputStream in = OneDnn.class.getClassLoader().getResourceAsStream(FOLDER + name)) {
        if (in == null) {
          throw new IOException(name + " is not on the class path");
        }
        Path file = folder.resolve(name);
        if (Files.exists(file) && Files.size(file) == size(name)) {
          continue;
        }
        Path part = Files.createTempFile(folder, name, ".part");
        try {
          Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
          Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(part);
        }
      }
    }
    return folder;
  }

  private static long size(String name) throws IOException {
    var resource = OneDnn.class.getClassLoader().getResource(FOLDER + name);
    if (resource == null) {
      throw new IOException(name + " is not on the class path");
    }
    return resource.openConnection().getContentLengthLong();
  }
}
