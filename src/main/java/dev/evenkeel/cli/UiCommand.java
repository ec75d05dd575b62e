package dev.evenkeel.cli;

import dev.evenkeel.ui.RunServer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "ui",
    description =
        "Serves a page on this machine that lists runs, shows their curves while they train, lays several over each other, and stops a run. Ends with Ctrl-C.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class UiCommand implements Callable<Integer> {

  @Option(
      names = "--runs",
      paramLabel = "DIR",
      defaultValue = "runs",
      description = "the folder that holds run folders (default: ${DEFAULT-VALUE})")
  private Path runs;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "7070",
      description = "port to listen on; 0 takes any that is free (default: ${DEFAULT-VALUE})")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "H",
      defaultValue = "127.0.0.1",
      description =
          "address to listen on; others than this machine's own reach it only where this is changed, and then whoever reaches it may stop runs (default: ${DEFAULT-VALUE})")
  private String host;

  @Mixin private OutputOptions common;

  @Override
  public Integer call() throws InterruptedException {
    Flag.between("--port", port, 0, 65_535);
    try (RunServer server = RunServer.start(runs, host, port)) {
      common.say("Runs of %s: %s (Ctrl-C ends it)", runs, server.url());
      common.result(Map.of("url", server.url()));
      new CountDownLatch(1).await(); // until the process is ended
    }
    return 0;
  }
}
