package dev.evenkeel;

/**
 * What every failure of Evenkeel is thrown as: the message says what happened, the value seen, what
 * was expected and what to do, so that the command line prints it as it is.
 */
public class EvenkeelException extends RuntimeException {

  public EvenkeelException(String message) {
    super(message);
  }

  public EvenkeelException(String message, Throwable cause) {
    super(message, cause);
  }
}
