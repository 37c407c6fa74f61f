package io.expertmesh.model.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON of files that nobody vouches for: strict UTF-8, no duplicate keys, bounded depth. */
final class StrictJson {
  /** Largest document: the bound that the safetensors format puts on a header. */
  static final int MAX_BYTES = 100_000_000;

  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_LENGTH = 400;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // names of a header differ from each other: a symbol table would only fill up
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .build())
          .build();

  static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private StrictJson() {}

  /** The object that a whole file holds. */
  static JsonNode readObject(Path file) {
    String text = decodeUtf8(file, ByteBuffer.wrap(readAll(file)));
    try {
      JsonNode root = MAPPER.readTree(text);
      if (!root.isObject()) {
        throw new CheckpointException(file, "must hold a JSON object");
      }
      return root;
    } catch (JacksonException e) {
      throw invalid(file, e);
    }
  }

  /** The text of bytes that must be UTF-8 to the letter. */
  static String decodeUtf8(Path file, ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(bytes)
          .toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointException(file, "its JSON is not valid UTF-8");
    }
  }

  /** What the parser objected to, as a refusal of the file. */
  static CheckpointException invalid(Path file, JacksonException e) {
    String said = e.getOriginalMessage() == null ? "unreadable" : e.getOriginalMessage();
    String line = said.lines().findFirst().orElse(said);
    String where =
        e.getLocation() == null
            ? ""
            : " (line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr()
                + ")";
    return new CheckpointException(
        file, "its JSON is invalid: " + CheckpointException.abridged(line) + where);
  }

  private static byte[] readAll(Path file) {
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new CheckpointException(
            file, "has " + size + " bytes, a JSON file may have " + MAX_BYTES);
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new CheckpointException(file, "the file is missing");
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be read: " + e.getMessage());
    }
  }
}
