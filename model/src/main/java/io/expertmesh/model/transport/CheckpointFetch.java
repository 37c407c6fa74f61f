package io.expertmesh.model.transport;

import io.expertmesh.model.core.ByteRanges;
import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.FetchPlan;
import io.expertmesh.model.core.PartialFile;
import io.expertmesh.model.core.SafetensorsFile;
import io.expertmesh.model.core.TensorNeeds;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleConsumer;
import java.util.stream.Stream;

/**
 * Brings a checkpoint from an HTTP server into a folder, as much of it as one service reads, so
 * that it can be opened there as if all were. Tensors that were not fetched are holes, which cannot
 * be read by mistake: see {@link PartialFile}.
 *
 * <p>What is in the folder already is kept if the server still has the same files. A folder belongs
 * to one fetch at a time.
 */
public final class CheckpointFetch {
  private static final System.Logger LOG = System.getLogger(CheckpointFetch.class.getName());

  /** The bound that the readers of these files put on them. */
  private static final long MAX_TEXT_BYTES = 100_000_000;

  /** Holds the header of most files, so that one request is enough for it. */
  private static final int BEGINNING = 64 << 10;

  /** Is held while files are fetched, and left behind as a mark of whose the folder is. */
  private static final String LOCK = ".fetch.lock";

  private static final int CONNECTIONS = 8;
  private static final long PIECE = 8L << 20;

  /** Bytes after which the records are brought up to date, so that little is fetched twice. */
  private static final long SAVE_EVERY = 512L << 20;

  private static final List<String> TEXTS =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private final HttpFolder remote;
  private final String url;
  private final Path dir;

  private CheckpointFetch(HttpFolder remote, String url, Path dir) {
    this.remote = remote;
    this.url = url;
    this.dir = dir;
  }

  /**
   * Fetches the config, the headers and the tensors of a service. Returns when all is on the disk.
   *
   * @param url folder of the checkpoint, {@code http} or {@code https}
   * @param dir folder of this process alone, which is made if need be
   * @param progress is told the share that has been fetched, from 0 to 1
   * @throws CheckpointException if it cannot be had; the message says why in one sentence
   */
  public static void weights(String url, Path dir, TensorNeeds needs, DoubleConsumer progress) {
    weights(url, dir, needs, progress, Patience.STANDARD);
  }

  static void weights(
      String url, Path dir, TensorNeeds needs, DoubleConsumer progress, Patience patience) {
    within(url, dir, patience, fetch -> fetch.weights(needs, progress));
  }

  /**
   * Fetches the tokenizer and the chat template, as far as the checkpoint has them.
   *
   * @param url folder of the checkpoint, {@code http} or {@code https}
   * @param dir folder of this process alone, which is made if need be
   * @throws CheckpointException if it cannot be had; the message says why in one sentence
   */
  public static void texts(String url, Path dir) {
    within(
        url,
        dir,
        Patience.STANDARD,
        fetch -> {
          fetch.require("config.json");
          Together.each(TEXTS, CONNECTIONS, fetch::text);
        });
  }

  private static void within(
      String url, Path dir, Patience patience, Together.Work<CheckpointFetch> work) {
    URI base = base(url);
    try (HttpFolder remote = new HttpFolder(base, patience)) {
      Files.createDirectories(dir);
      requireOwn(dir);
      try (FileChannel channel =
              FileChannel.open(
                  dir.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = lock(dir, channel)) {
        work.on(new CheckpointFetch(remote, base.toString(), dir));
        lock.release();
      }
    } catch (CheckpointException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CheckpointException(url, "fetching was interrupted");
    } catch (IOException e) {
      throw new CheckpointException(dir.toString(), "cannot be written: " + e.getMessage());
    } catch (Exception e) {
      throw new IllegalStateException("fetching " + url + " failed", e);
    }
  }

  private static void requireOwn(Path dir) throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      if (!Files.exists(dir.resolve(LOCK)) && files.findAny().isPresent()) {
        throw new CheckpointException(
            dir.toString(), "holds files that were not fetched; fetching needs an empty folder");
      }
    }
  }

  private static URI base(String url) {
    URI uri;
    try {
      uri = new URI(url.endsWith("/") ? url : url + "/");
    } catch (URISyntaxException e) {
      throw new CheckpointException(url, "is no address: " + e.getReason());
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if ((!scheme.equals("http") && !scheme.equals("https")) || uri.getHost() == null) {
      throw new CheckpointException(
          url, "expertmesh.model-url must begin with http:// or https:// and a host");
    }
    if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new CheckpointException(
          url, "expertmesh.model-url must be a folder, without a password, '?' or '#'");
    }
    return uri;
  }

  private static FileLock lock(Path dir, FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      LOG.log(System.Logger.Level.DEBUG, "held by this process", e);
    }
    throw new CheckpointException(
        dir.toString(), "is being fetched to by another process; each needs a folder of its own");
  }

  private void weights(TensorNeeds needs, DoubleConsumer progress) throws Exception {
    long started = System.nanoTime();
    require("config.json");
    text("generation_config.json");
    text("model.safetensors.index.json");
    SortedMap<String, Fetched> files = new ConcurrentSkipListMap<>();
    try {
      Set<String> names = Checkpoints.tensorFiles(dir);
      PartialFile.deleteOthers(dir, names);
      Together.each(names, CONNECTIONS, name -> files.put(name, begin(name)));
      FetchPlan plan = FetchPlan.of(dir, needs);
      long missing = pieces(files, plan, progress);
      LOG.log(
          System.Logger.Level.INFO,
          "Fetched {0} MiB of {1} with {2} requests in {3} ms; {4} of its {5} MiB are here",
          missing >> 20,
          url,
          remote.requests(),
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started),
          plan.bytes() >> 20,
          plan.totalBytes() >> 20);
    } finally {
      for (Fetched file : files.values()) {
        file.local().close();
      }
    }
  }

  private long pieces(SortedMap<String, Fetched> files, FetchPlan plan, DoubleConsumer progress)
      throws Exception {
    List<Piece> pieces = new ArrayList<>();
    for (Fetched file : files.values()) {
      ByteRanges needed = plan.files().getOrDefault(file.remote().name(), ByteRanges.NONE);
      for (Range range : needed.minus(file.local().present()).pieces(PIECE)) {
        pieces.add(new Piece(file, range));
      }
    }
    long missing = pieces.stream().mapToLong(piece -> piece.range().bytes()).sum();
    long free = Files.getFileStore(dir).getUsableSpace();
    if (missing > free) {
      throw new CheckpointException(
          dir.toString(),
          missing + " bytes are to be fetched to it, the disk has only " + free + " free");
    }
    LongAdder arrived = new LongAdder();
    AtomicLong unsaved = new AtomicLong();
    Together.each(
        pieces,
        CONNECTIONS,
        piece -> {
          PartialFile local = piece.file().local();
          remote.part(
              piece.file().remote(),
              piece.range(),
              local.channel(),
              bytes -> {
                arrived.add(bytes);
                progress.accept((double) arrived.sum() / missing);
              });
          local.add(piece.range());
          if (unsaved.addAndGet(piece.range().bytes()) >= SAVE_EVERY) {
            unsaved.set(0);
            for (Fetched file : files.values()) {
              file.local().save();
            }
          }
        });
    return missing;
  }

  /** A file there and here. */
  private record Fetched(RemoteFile remote, PartialFile local) {}

  /** What is fetched with one request. */
  private record Piece(Fetched file, Range range) {}

  /** Makes the file with its header. */
  private Fetched begin(String name) throws IOException, InterruptedException {
    Path probed = dir.resolve("." + name + ".beginning");
    try (FileChannel probe =
        FileChannel.open(
            probed,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      RemoteFile file = remote.beginning(name, probe, BEGINNING);
      ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES);
      probe.read(prefix, 0);
      long dataStart =
          SafetensorsFile.dataStart(remote.address(name), prefix.flip(), file.length());
      PartialFile local =
          PartialFile.open(dir.resolve(name), url + name, file.version(), file.length());
      try {
        long size = probe.size();
        probe.transferTo(0, size, local.channel().position(0));
        local.add(new Range(0, size));
        if (!local.present().covers(0, dataStart)) {
          Range rest = new Range(size, dataStart);
          remote.part(file, rest, local.channel(), _ -> {});
          local.add(rest);
        }
        local.save();
        return new Fetched(file, local);
      } catch (IOException | InterruptedException | RuntimeException e) {
        local.close();
        throw e;
      }
    }
  }

  private void require(String name) throws IOException, InterruptedException {
    if (!text(name)) {
      throw new CheckpointException(remote.address(name), "the server does not have it");
    }
  }

  /** Fetches a file as a whole; one that the server does not have is not here either. */
  private boolean text(String name) throws IOException, InterruptedException {
    Path incoming = dir.resolve("." + name + ".new");
    boolean found;
    try (FileChannel channel =
        FileChannel.open(
            incoming,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      found = remote.whole(name, channel, MAX_TEXT_BYTES);
    }
    if (found) {
      Files.move(incoming, dir.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.delete(incoming);
      Files.deleteIfExists(dir.resolve(name));
    }
    return found;
  }
}
