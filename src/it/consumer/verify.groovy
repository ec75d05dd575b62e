// The consumer trained, exported, and got no more libraries than a library user needs.
def log = new File(basedir, "build.log").getText("UTF-8")
def accuracy = (log =~ /accuracy=(0\.\d+|1\.0)/)
assert accuracy.find() : "no accuracy in build.log"
assert accuracy.group(1).toDouble() > 0.96

assert new File(basedir, "digits.onnx").length() > 300_000
assert new File(basedir, "runs/model.safetensors").exists()

def jars = new File(basedir, "class-path").text.split(File.pathSeparator).collect { new File(it).name }
assert jars.any { it.startsWith("evenkeel-") } : jars
["slf4j-simple", "lets-plot", "kotlin", "batik", "jhdf", "picocli", "progressbar",
 "cuda-", "natives", "junit", "onnxruntime"].each { unwanted ->
  assert jars.every { !it.startsWith(unwanted) && !it.contains("-" + unwanted) } : unwanted + " in " + jars
}
def own = new File(basedir, "class-path").text.split(File.pathSeparator).find { new File(it).name.startsWith("evenkeel-") }
def manifest = new java.util.jar.JarFile(new File(own.trim())).manifest.mainAttributes
assert manifest.getValue("Main-Class") == null : "java -jar would lack the command line's libraries"

println "The consumer's accuracy: " + accuracy.group(1) + ", with " + jars.size() + " jars: " + jars.join(" ")
