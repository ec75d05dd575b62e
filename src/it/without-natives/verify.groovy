// Without a native library the same program reaches the same accuracy, only more slowly.
def log = new File(basedir, "build.log").getText("UTF-8")
def accuracy = (log =~ /accuracy=(0\.\d+|1\.0)/)
assert accuracy.find() : "no accuracy in build.log"
assert accuracy.group(1).toDouble() > 0.96

def jars = new File(basedir, "class-path").text.split(File.pathSeparator).collect { new File(it).name }
assert jars.every { !it.contains("openblas") && !it.contains("jcu") } : jars
println "The accuracy without natives: " + accuracy.group(1) + ", with " + jars.size() + " jars"
