package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds the module's description against the classes that it describes. */
class ModuleTest {

  private static final Path CLASSES = Path.of("target/classes");

  /** Rooms of our own: what is public there may change at any time. */
  private static final Set<String> CLOSED =
      Set.of(
          "backend.cpu", "backend.cuda.libraries", "backend.cuda.jcuda", "lab.experiments", "cli");

  private final ModuleDescriptor module = read();
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.evenkeel");
  private final Set<String> exported =
      module.exports().stream().map(ModuleDescriptor.Exports::source).collect(Collectors.toSet());

  private static ModuleDescriptor read() {
    try (InputStream in =
        Files.newInputStream(CLASSES.resolve("META-INF/versions/17/module-info.class"))) {
      return ModuleDescriptor.read(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyRoomIsExportedOrClosed() {
    Set<String> packages = new TreeSet<>();
    classes.forEach(one -> packages.add(one.getPackageName()));
    CLOSED.forEach(room -> assertTrue(packages.remove("dev.evenkeel." + room), room));
    assertEquals(packages, new TreeSet<>(exported));
  }

  @Test
  void noExportedMethodNamesATypeOfAClosedRoom() {
    Set<String> wrong = new TreeSet<>();
    int methods = 0;
    for (JavaClass one : classes) {
      if (!exported.contains(one.getPackageName()) || !isPublic(one)) {
        continue;
      }
      for (JavaCodeUnit method : one.getCodeUnits()) {
        if (!method.getModifiers().contains(JavaModifier.PUBLIC)) {
          continue;
        }
        methods++;
        List<JavaClass> types = new java.util.ArrayList<>(method.getRawParameterTypes());
        types.add(method.getRawReturnType());
        for (JavaClass type : types) {
          String room = type.getBaseComponentType().getPackageName();
          if (room.startsWith("dev.evenkeel") && !exported.contains(room)) {
            wrong.add(method.getFullName() + " names " + type.getName());
          }
        }
      }
    }
    assertTrue(methods > 500, "the check looked at only " + methods + " methods");
    assertEquals(Set.of(), wrong);
  }

  private static boolean isPublic(JavaClass one) {
    return one.getModifiers().contains(JavaModifier.PUBLIC)
        && one.getEnclosingClass().map(ModuleTest::isPublic).orElse(true);
  }

  @Test
  void itProvidesWhatTheClassPathProvides() throws IOException {
    String service = "dev.evenkeel.backend.BackendProvider";
    List<String> listed = Files.readAllLines(CLASSES.resolve("META-INF/services").resolve(service));
    assertFalse(listed.isEmpty());
    assertEquals(1, module.provides().size());
    ModuleDescriptor.Provides provides = module.provides().iterator().next();
    assertEquals(service, provides.service());
    assertEquals(listed, provides.providers());
    assertEquals(Set.of(service), module.uses());
  }
}
