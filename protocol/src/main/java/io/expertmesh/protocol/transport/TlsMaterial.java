package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.TlsFiles;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What {@link TlsFiles} held at one moment, read and found to fit together.
 *
 * @param files the bytes of certificate, key and trust, by which a change is noticed
 * @param chain the own certificate first
 */
record TlsMaterial(
    byte[][] files, X509Certificate[] chain, PrivateKey key, X509Certificate[] authorities) {
  private static final byte[] PROBE = {1, 2, 3};

  /**
   * Reads all three files.
   *
   * @throws MeshException INVALID_ARGUMENT if one is missing or unreadable, or the key is not that
   *     of the certificate
   */
  static TlsMaterial read(TlsFiles from) {
    byte[] certificate = bytes("expertmesh.tls.certificate", from.certificate());
    byte[] key = bytes("expertmesh.tls.key", from.key());
    byte[] trust = bytes("expertmesh.tls.trust", from.trust());
    X509Certificate[] chain =
        certificates("expertmesh.tls.certificate", from.certificate(), certificate);
    TlsMaterial material =
        new TlsMaterial(
            new byte[][] {certificate, key, trust},
            chain,
            key(from.key(), key),
            certificates("expertmesh.tls.trust", from.trust(), trust));
    if (!fits(material.key, chain[0].getPublicKey())) {
      throw refusal(
          "expertmesh.tls.key: " + from.key() + " is not the key of " + from.certificate(), null);
    }
    return material;
  }

  /** Whether the same bytes were read. */
  boolean sameAs(TlsMaterial other) {
    return Arrays.deepEquals(files, other.files);
  }

  private static byte[] bytes(String property, Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw refusal(property + ": there is no file " + file, e);
    } catch (IOException e) {
      throw refusal(property + ": " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static X509Certificate[] certificates(String property, Path file, byte[] pem) {
    try {
      X509Certificate[] found = CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
      if (found.length > 0) {
        return found;
      }
    } catch (GeneralSecurityException e) {
      throw refusal(property + ": " + file + " holds no certificates in PEM", e);
    }
    throw refusal(property + ": " + file + " holds no certificates in PEM", null);
  }

  private static PrivateKey key(Path file, byte[] pem) {
    try {
      return CertificateUtils.getPrivateKey(new ByteArrayInputStream(pem));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      throw refusal(
          "expertmesh.tls.key: "
              + file
              + " is not a private key in PEM, PKCS#8, RSA or EC, without a password",
          e);
    }
  }

  private static boolean fits(PrivateKey key, PublicKey certified) {
    String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(PROBE);
      byte[] signature = signer.sign();
      signer.initVerify(certified);
      signer.update(PROBE);
      return signer.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static MeshException refusal(String sentence, @Nullable Throwable cause) {
    return cause == null
        ? new MeshException(ErrorCode.INVALID_ARGUMENT, sentence + ".")
        : new MeshException(ErrorCode.INVALID_ARGUMENT, sentence + ".", cause);
  }
}
