package io.expertmesh.benchmarks.mesh;

/** Something that generates tokens: the mesh over HTTP, or the engine in this process. */
public interface LoadTarget extends AutoCloseable {
  /**
   * Generates greedily, ignoring the end of sequence, and returns when the last token is there.
   *
   * @param prompt token ids
   * @param maxTokens tokens to generate
   * @param onToken called for every token as it arrives
   */
  void generate(int[] prompt, int maxTokens, Runnable onToken) throws Exception;

  @Override
  void close();
}
