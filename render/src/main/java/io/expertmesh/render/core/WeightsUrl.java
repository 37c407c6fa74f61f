package io.expertmesh.render.core;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * The folder on an HTTP server that pods fetch the checkpoint from.
 *
 * @param text as it is handed to the services
 * @param port of the server
 */
public record WeightsUrl(String text, int port) {
  private static final int HTTP = 80;
  private static final int HTTPS = 443;

  /**
   * Reads the option.
   *
   * @throws RenderException if it is no address of a folder
   */
  public static WeightsUrl parse(String text) {
    try {
      URI uri = new URI(text);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      boolean http = scheme.equals("http") || scheme.equals("https");
      // whoever may see the manifests would see a password
      boolean folder =
          uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
      if (http && uri.getHost() != null && folder) {
        int standard = scheme.equals("https") ? HTTPS : HTTP;
        return new WeightsUrl(text, uri.getPort() < 0 ? standard : uri.getPort());
      }
    } catch (URISyntaxException e) {
      throw new RenderException("--weights-url: '" + text + "' is no address.", e);
    }
    throw new RenderException(
        "--weights-url: '"
            + text
            + "' must be a folder at http:// or https://, without a password, '?' or '#'.");
  }
}
