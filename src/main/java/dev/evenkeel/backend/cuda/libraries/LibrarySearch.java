package dev.evenkeel.backend.cuda.libraries;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.cuda.libraries.Places.Place;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds each library in the first place that has it, and loads it by its path: whoever asks for it
 * by name later, as JCuda and other libraries do, is given the one that is loaded.
 */
public final class LibrarySearch {

  /** Loads a library into this process, or throws an {@link UnsatisfiedLinkError}. */
  interface Loader {
    void load(Path file);
  }

  private static final Pattern NEEDED =
      Pattern.compile("([^\\s:/]+\\.so[.\\d]*): cannot open shared object file");

  private final Machine machine;
  private final Unpacker unpacker;
  private final Loader loader;
  private final Map<Library, Finding> findings = new EnumMap<>(Library.class);

  public LibrarySearch(Machine machine) {
    this(machine, file -> System.load(file.toString()));
  }

  LibrarySearch(Machine machine, Loader loader) {
    this.machine = machine;
    this.unpacker = new Unpacker(machine.cache(), machine.classLoader());
    this.loader = loader;
  }

  /** Looks once; the answer stays. */
  public synchronized Finding find(Library library) {
    Finding known = findings.get(library);
    if (known == null) {
      known = search(library);
      findings.put(library, known);
    }
    return known;
  }

  /** The order of the search. */
  private Finding search(Library library) {
    List<String> no = new ArrayList<>();
    boolean namesNewer = library == Library.CUBLAS && isNamed(Library.CUBLAS_13);
    return named(library, no)
        .or(() -> namesNewer ? bridged(library, no) : Optional.empty())
        .or(() -> onTheClassPath(library, no))
        .or(() -> installed(library, no))
        .or(() -> namesNewer ? Optional.empty() : bridged(library, no))
        .orElseGet(() -> new Finding(library, Optional.empty(), "", List.copyOf(no)));
  }

  private Optional<Finding> named(Library library, List<String> no) {
    List<String> lacking = new ArrayList<>();
    for (Place place : Places.named(machine)) {
      int before = no.size();
      Optional<Finding> found = take(library, place, no);
      if (found.isPresent()) {
        return found;
      }
      // The driver is part of the system, and its absence in that folder surprises nobody.
      if (no.size() == before && library != Library.DRIVER) {
        lacking.add(
            "%s names %s, where there is no %s"
                .formatted(Machine.FOLDER, place.folder(), library.mainFile()));
      }
    }
    no.addAll(lacking);
    return Optional.empty();
  }

  private boolean isNamed(Library library) {
    return Places.named(machine).stream()
        .anyMatch(place -> Files.exists(place.folder().resolve(library.mainFile())));
  }

  private Optional<Finding> onTheClassPath(Library library, List<String> no) {
    if (library == Library.DRIVER) {
      return Optional.empty();
    }
    try {
      return unpacker
          .unpack(
              library.title().toLowerCase(Locale.ROOT).replace(' ', '-'),
              library.files().stream().map(Library.IN_REDIST::concat).toList())
          .flatMap(folder -> take(library, new Place("jar on the class path", folder), no));
    } catch (EvenkeelException e) {
      no.add(e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<Finding> installed(Library library, List<String> no) {
    return Places.installed(machine).stream()
        .map(place -> take(library, place, no))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** cuBLAS 13 in the place of 12. */
  private Optional<Finding> bridged(Library library, List<String> no) {
    if (library != Library.CUBLAS) {
      return Optional.empty();
    }
    Finding newer = find(Library.CUBLAS_13);
    if (!newer.isFound()) {
      return Optional.empty();
    }
    Path target = newer.file().orElseThrow();
    try {
      Path bridge = new Bridge(machine).find();
      loader.load(bridge);
      return Optional.of(
          new Finding(library, newer.file(), newer.place() + ", bridged", List.copyOf(no)));
    } catch (EvenkeelException | UnsatisfiedLinkError e) {
      no.add(
          "%s is there, but JCuda needs libcublas.so.12, and the bridge between them can't be built (%s); install gcc, which builds it in a second, or bring cuBLAS 12"
              .formatted(target, e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<Finding> take(Library library, Place place, List<String> no) {
    List<String> absent =
        library.files().stream()
            .filter(file -> !Files.exists(place.folder().resolve(file)))
            .toList();
    if (absent.size() == library.files().size()) {
      return Optional.empty();
    }
    if (!absent.isEmpty()) {
      no.add(
          "%s holds a part of %s, but no %s"
              .formatted(place.folder(), library.title(), String.join(", no ", absent)));
      return Optional.empty();
    }
    for (String name : library.files()) {
      Path file = place.folder().resolve(name).toAbsolutePath();
      try {
        loader.load(file);
      } catch (UnsatisfiedLinkError e) {
        no.add(words(file, e));
        return Optional.empty();
      }
    }
    Path file = place.folder().resolve(library.mainFile());
    return Optional.of(new Finding(library, Optional.of(file), place.name(), List.copyOf(no)));
  }

  /** The linker's own words, unless it is a library that is missing: then that one's name. */
  static String words(Path file, UnsatisfiedLinkError error) {
    String message = String.valueOf(error.getMessage());
    Matcher needed = NEEDED.matcher(message);
    return needed.find()
        ? "%s needs %s, which is not installed".formatted(file, needed.group(1))
        : "%s can't be loaded (%s)".formatted(file, message.replace(file + ": ", ""));
  }
}
