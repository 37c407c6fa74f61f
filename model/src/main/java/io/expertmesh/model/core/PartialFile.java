package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of its true length of which only parts are here, the rest being holes. A record beside it
 * says which: it is there before the file and claims a part only once that is on the disk. So a
 * fetch that was cut off can never be taken for a whole one, and is carried on with.
 */
public final class PartialFile implements AutoCloseable {
  private static final String RECORD = ".fetched";

  private final Path path;
  private final String source;
  private final String version;
  private final long length;
  private final FileChannel channel;

  // Guarded by this.
  private ByteRanges saved;
  private final List<Range> unsaved = new ArrayList<>();

  private PartialFile(
      Path path,
      String source,
      String version,
      long length,
      FileChannel channel,
      ByteRanges saved) {
    this.path = path;
    this.source = source;
    this.version = version;
    this.length = length;
    this.channel = channel;
    this.saved = saved;
  }

  /**
   * Opens a file to be fetched. What is there of it is kept if it is from the same source, of the
   * same version and length; else it is begun anew.
   *
   * @param source where the file is from
   * @param version what changes there with the content; empty if unknown, then nothing is kept
   * @param length bytes of the whole file
   * @throws CheckpointException if there is a file that was not fetched
   */
  public static PartialFile open(Path path, String source, String version, long length)
      throws IOException {
    Path record = record(path);
    if (Files.exists(path) && !Files.exists(record)) {
      throw new CheckpointException(
          path, "is here and was not fetched; what is fetched needs a folder of its own");
    }
    ByteRanges kept = ByteRanges.NONE;
    if (Files.exists(path)) {
      Kept before = Kept.read(record);
      if (!version.isEmpty()
          && before.source().equals(source)
          && before.version().equals(version)
          && before.length() == length
          && Files.size(path) == length) {
        kept = before.ranges();
      } else {
        // a new file in its place: whoever has mapped the old one keeps it
        Files.delete(path);
      }
    }
    write(record, new Kept(source, version, length, kept));
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.size() != length) {
        channel.write(ByteBuffer.allocate(1), length - 1);
      }
      return new PartialFile(path, source, version, length, channel, kept);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * The parts of a file that are here; empty if it was not fetched, so that all of it is.
   *
   * @throws CheckpointException if the record cannot be understood
   */
  static Optional<ByteRanges> present(Path path) {
    Path record = record(path);
    return Files.exists(record) ? Optional.of(Kept.read(record).ranges()) : Optional.empty();
  }

  /** Deletes what was fetched to a folder under other names than these. */
  public static void deleteOthers(Path dir, Set<String> names) throws IOException {
    try (DirectoryStream<Path> records = Files.newDirectoryStream(dir, "*" + RECORD)) {
      for (Path record : records) {
        String file = record.getFileName().toString();
        String name = file.substring(0, file.length() - RECORD.length());
        if (!names.contains(name)) {
          Files.deleteIfExists(dir.resolve(name));
          Files.delete(record);
        }
      }
    }
  }

  private static Path record(Path path) {
    return path.resolveSibling(path.getFileName() + RECORD);
  }

  /** Where the file lies. */
  public Path path() {
    return path;
  }

  /** To be written at the positions of the whole file. */
  public FileChannel channel() {
    return channel;
  }

  /** Bytes of the whole file. */
  public long length() {
    return length;
  }

  /** What is here. */
  public synchronized ByteRanges present() {
    return unsaved.isEmpty() ? saved : saved.plus(ByteRanges.of(unsaved));
  }

  /** Takes note of a part that has been written; it counts from the next {@link #save} on. */
  public synchronized void add(Range range) {
    unsaved.add(Objects.requireNonNull(range, "range"));
  }

  /** Brings what was written to the disk, then says so in the record. */
  public synchronized void save() throws IOException {
    if (unsaved.isEmpty()) {
      return;
    }
    channel.force(false);
    saved = present();
    unsaved.clear();
    write(record(path), new Kept(source, version, length, saved));
  }

  private static void write(Path record, Kept kept) throws IOException {
    Path written = record.resolveSibling(record.getFileName() + ".new");
    Files.write(written, StrictJson.MAPPER.writeValueAsBytes(kept.json()));
    Files.move(written, record, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      save();
    }
  }

  /** What a record says. */
  private record Kept(String source, String version, long length, ByteRanges ranges) {
    static Kept read(Path record) {
      JsonNode json = StrictJson.readObject(record);
      JsonNode flat = json.path("ranges");
      List<Range> ranges = new ArrayList<>();
      try {
        for (int i = 0; i + 1 < flat.size(); i += 2) {
          ranges.add(new Range(flat.get(i).longValue(), flat.get(i + 1).longValue()));
        }
        return new Kept(
            json.path("source").stringValue(),
            json.path("version").stringValue(),
            json.path("length").longValue(),
            new ByteRanges(ranges));
      } catch (RuntimeException e) {
        throw new CheckpointException(record, "is not a record of what was fetched");
      }
    }

    ObjectNode json() {
      ObjectNode json = StrictJson.MAPPER.createObjectNode();
      json.put("source", source).put("version", version).put("length", length);
      ArrayNode flat = json.putArray("ranges");
      ranges.ranges().forEach(range -> flat.add(range.from()).add(range.to()));
      return json;
    }
  }
}
