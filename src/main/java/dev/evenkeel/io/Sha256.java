package dev.evenkeel.io;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The checksum that data and weights are known by. */
public final class Sha256 {

  private Sha256() {}

  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
