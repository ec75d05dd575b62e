// The same program as a module and on the class path: the same bits, the same words about CUDA.
def classes = new File(basedir, "target/classes")
def jars = new File(basedir, "class-path").text.trim()
["tribuo", "protobuf", "picocli", "lets-plot", "slf4j-simple"].each { unwanted ->
  assert !jars.contains(unwanted) : unwanted + " in " + jars
}

def run = { String name, List<String> how ->
  def java = new File(System.getProperty("java.home"), "bin/java").path
  def builder = new ProcessBuilder([java, "-XX:+UseSerialGC"] + how + new File(basedir, name).path)
  builder.redirectErrorStream(true)
  def process = builder.start()
  def lines = process.inputStream.getText("UTF-8").readLines()
  assert process.waitFor() == 0 : lines.join("\n")
  lines.findAll { !it.startsWith("SLF4J") }
}
def path = classes.path + File.pathSeparator + jars
def onModulePath = run("runs-module", ["-p", path, "--add-modules", "ALL-MODULE-PATH", "-m", "modular/modular.Example"])
def onClassPath = run("runs-class", ["-cp", path, "modular.Example"])

assert onModulePath[0] == "module dev.evenkeel"
assert onClassPath[0] == "module null"
assert onModulePath.drop(1) == onClassPath.drop(1)
def products = onModulePath.find { it.startsWith("products by ") }
assert products.contains("OpenBLAS") || !System.getProperty("os.name").startsWith("Linux") : products
def accuracy = onModulePath.find { it.startsWith("accuracy=") }.substring(9).toDouble()
assert accuracy > 0.94 : accuracy
assert onModulePath.last() == "CUDA works" || onModulePath.last().startsWith("--device cuda can't be used: ")
def models = ["runs-module", "runs-class"].collect { new File(basedir, it + "/model.safetensors").bytes }
assert Arrays.equals(models[0], models[1]) : "the models differ"
println onModulePath.join("\n")

// Without natives it runs as well, and says what is missing.
def plain = run("runs-plain", ["-p", path, "-m", "modular/modular.Example"])
assert plain.find { it.startsWith("products by ") }.contains("products in Java")
