@echo off
rem Runs the command line on Windows, as scripts/evenkeel does elsewhere; that one says why Java gets these flags.
setlocal EnableExtensions DisableDelayedExpansion
for %%d in ("%~dp0..") do set "root=%%~fd"
set "built=%root%\target\built-from"

rem Lines with goto instead of blocks: the ")" of a folder like "Program Files (x86)" would end a block.
if defined JAVA_HOME goto java_home
set "java="
for %%j in (java.exe) do set "java=%%~$PATH:j"
if defined java goto has_java
echo evenkeel: there is no java on the PATH. help: install a JDK, version 17 or newer, or set JAVA_HOME>&2
exit /b 1
:java_home
set "java=%JAVA_HOME:"=%\bin\java.exe"
if exist "%java%" goto has_java
echo evenkeel: JAVA_HOME is "%JAVA_HOME:"=%", but there is no "%java%". help: set it to a JDK, version 17 or newer, or unset it>&2
exit /b 1

rem Cmd compares no times of files, but xcopy /d /l lists those that are newer than their copies. A path has two tokens
rem between backslashes; the line with their number, which comes last in the user's language, has one.
:has_java
if not exist "%built%\pom.xml" goto build
for /f "tokens=2 delims=\" %%f in ('xcopy /d /l /s /y "%root%\src\main" "%built%\main"') do goto build
for /f "tokens=2 delims=\" %%f in ('xcopy /d /l /y "%root%\pom.xml" "%built%"') do goto build
goto run

:build
set "version=17"
for /f "tokens=2,3" %%u in ('call "%java%" -version 2^>^&1') do if "%%u"=="version" set "version=%%~v"
for /f "delims=.-" %%v in ("%version%") do if %%v lss 17 goto old
echo Building Evenkeel, once>&2
set "log=%root%\target\build.log"
if not exist "%root%\target" mkdir "%root%\target"
set "maven="
for %%m in (mvn.cmd) do set "maven=%%~$PATH:m"
if not defined maven set "maven=%root%\mvnw.cmd"
call "%maven%" -B -q -f "%root%\pom.xml" -Dmaven.test.skip=true package >"%log%" 2>&1
if errorlevel 1 goto failed
xcopy /d /s /y /i /q "%root%\src\main" "%built%\main" >nul
xcopy /d /y /q "%root%\pom.xml" "%built%" >nul
goto run
:old
echo evenkeel: "%java%" is Java %version%, but 17 or newer is needed. help: install a newer JDK, or set JAVA_HOME to one>&2
exit /b 1
:failed
type "%log%" >&2
echo evenkeel: the build failed; its output is in "%log%">&2
exit /b 1

:run
set "figures="
if "%~1"=="lab" set "figures=;%root%\target\lib\figures\*"
if "%~1"=="lr-range" set "figures=;%root%\target\lib\figures\*"
rem A bar needs to know whether stderr is a console, which cmd can't tell: there is none.
"%java%" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmn4m -XX:-UsePerfData -XX:ObjectAlignmentInBytes=32 ^
  -XX:InlineSmallCode=500 -XX:FreqInlineSize=120 -XX:Tier4InvocationThreshold=20000 -XX:Tier4BackEdgeThreshold=400000 ^
  -Dorg.slf4j.simpleLogger.logFile=System.err -Dorg.slf4j.simpleLogger.showDateTime=false ^
  -Dorg.slf4j.simpleLogger.showThreadName=false -Dorg.slf4j.simpleLogger.showLogName=false ^
  "-Devenkeel.command=%~0" %EVENKEEL_JAVA_OPTIONS% ^
  -cp "%root%\target\evenkeel.jar;%root%\target\lib\*%figures%" dev.evenkeel.cli.Main %*
exit /b %errorlevel%
