package io.expertmesh.model.transport;

/**
 * A file on a server.
 *
 * @param name without folders
 * @param length bytes
 * @param version what changes with its content: the entity tag, else the time of its last change,
 *     else empty
 */
record RemoteFile(String name, long length, String version) {
  /** The same for people. */
  String told() {
    return length + " bytes of " + (version.isEmpty() ? "unknown version" : "version " + version);
  }
}
