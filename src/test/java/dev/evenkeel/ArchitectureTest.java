package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds the rooms' arrows: who may import whom. Nothing points up. */
class ArchitectureTest {

  private static final String ROOT = "dev.evenkeel";

  /** Room → the rooms it may use. The root package (the one exception) is open to all. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("", Set.of()),
          Map.entry("tensor", Set.of()),
          Map.entry("backend", Set.of("tensor")),
          Map.entry("backend.cpu", Set.of("backend", "tensor")),
          Map.entry("backend.cuda", Set.of("backend", "tensor")),
          Map.entry("backend.cuda.libraries", Set.of()),
          Map.entry(
              "backend.cuda.jcuda", Set.of("backend.cuda", "backend.cuda.libraries", "backend")),
          Map.entry("nn", Set.of("backend", "tensor")),
          Map.entry("loss", Set.of("backend", "tensor")),
          Map.entry("optim", Set.of("backend", "tensor")),
          Map.entry("metric", Set.of()),
          Map.entry("io", Set.of("tensor")),
          Map.entry("data", Set.of("tensor", "io")),
          Map.entry(
              "train", Set.of("nn", "loss", "optim", "metric", "data", "io", "backend", "tensor")),
          Map.entry("deploy", Set.of("train", "nn", "loss", "data", "io", "backend")),
          Map.entry("ui", Set.of("report", "train", "io")),
          Map.entry("report", Set.of("train", "nn", "data", "metric", "io")),
          Map.entry(
              "lab",
              Set.of(
                  "report", "train", "nn", "loss", "optim", "metric", "data", "io", "backend",
                  "tensor")),
          Map.entry(
              "lab.experiments",
              Set.of("lab", "train", "nn", "loss", "optim", "metric", "data", "backend", "tensor")),
          Map.entry(
              "cli",
              Set.of(
                  "deploy",
                  "report",
                  "ui",
                  "lab",
                  "lab.experiments",
                  "train",
                  "nn",
                  "loss",
                  "optim",
                  "metric",
                  "data",
                  "io",
                  "backend",
                  "backend.cuda",
                  "backend.cuda.libraries",
                  "backend.cuda.jcuda")));

  /** Libraries that belong to one room alone. */
  private static final Map<String, Set<String>> LIBRARIES =
      Map.ofEntries(
          Map.entry("dev.ludovic.netlib", Set.of("backend.cpu")),
          Map.entry("org.bytedeco", Set.of("backend.cpu")),
          Map.entry("jcuda", Set.of("backend.cuda.jcuda")),
          Map.entry("picocli", Set.of("cli")),
          Map.entry("me.tongfei", Set.of("cli")),
          Map.entry("org.jetbrains.letsPlot", Set.of("lab")),
          Map.entry("org.apache.batik", Set.of("lab")),
          Map.entry("de.siegmar", Set.of("data", "train", "report", "lab")),
          Map.entry("com.sun.net.httpserver", Set.of("ui")),
          Map.entry("ai.onnx", Set.of("io")),
          Map.entry("io.jhdf", Set.of("io")),
          Map.entry("com.google.protobuf", Set.of("io")));

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /** An arrow of the plan that no class takes must go, too: the plan is what is. */
  @Test
  void everyRoomUsesJustTheRoomsThatThePlanGivesIt() {
    Set<String> wrong = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    for (JavaClass from : classes) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getPackageName();
        if (!target.startsWith(ROOT) || target.equals(from.getPackageName())) {
          continue;
        }
        String own = room(from.getPackageName());
        String room = room(target);
        if (room.isEmpty()) {
          continue;
        }
        seen.add(own + " uses " + room);
        if (!MAY_USE.get(own).contains(room)) {
          wrong.add(from.getName() + " uses " + dependency.getTargetClass().getName());
        }
      }
    }
    assertEquals(Set.of(), wrong);
    Set<String> planned = new TreeSet<>();
    MAY_USE.forEach((room, used) -> used.forEach(one -> planned.add(room + " uses " + one)));
    planned.removeAll(seen);
    assertEquals(Set.of(), planned, "arrows of the plan that no class takes");
  }

  @Test
  void everyPackageIsARoomOfThePlan() {
    Set<String> rooms = new TreeSet<>();
    classes.forEach(one -> rooms.add(room(one.getPackageName())));
    assertEquals(new TreeSet<>(MAY_USE.keySet()), rooms);
  }

  @Test
  void librariesStayInTheirRooms() {
    Set<String> wrong = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    for (JavaClass from : classes) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getPackageName();
        LIBRARIES.forEach(
            (library, rooms) -> {
              if (target.startsWith(library)) {
                seen.add(library);
                if (!rooms.contains(room(from.getPackageName()))) {
                  wrong.add(from.getName() + " uses " + target);
                }
              }
            });
      }
    }
    assertEquals(new TreeSet<>(LIBRARIES.keySet()), seen);
    assertEquals(Set.of(), wrong);
  }

  @Test
  void everyPublicExceptionIsOfTheOneHierarchy() {
    Set<String> seen = new TreeSet<>();
    for (JavaClass one : classes) {
      if (one.isAssignableTo(Throwable.class) && one.getModifiers().contains(JavaModifier.PUBLIC)) {
        assertTrue(one.isAssignableTo(EvenkeelException.class), one.getName());
        seen.add(one.getSimpleName());
      }
    }
    assertEquals(
        Set.of(
            "EvenkeelException",
            "DeviceMemoryException",
            "NonFiniteException",
            "StoppedException",
            "CudaException"),
        seen,
        "package-info of the root package names them all");
  }

  @Test
  void thePlanItselfHasNoCycles() {
    for (String room : MAY_USE.keySet()) {
      for (String used : MAY_USE.get(room)) {
        assertFalse(MAY_USE.get(used).contains(room), room + " and " + used + " use each other");
      }
    }
  }

  private static String room(String packageName) {
    return packageName.equals(ROOT) ? "" : packageName.substring(ROOT.length() + 1);
  }
}
