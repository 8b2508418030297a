using Banyan.Cli.Up.Processes;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class SpawnTests
{
    [Fact]
    public async Task AChildGetsExactlyItsEnvironmentAndItsFolder()
    {
        using var lab = new ProcessLab();
        var child = lab.Start(ProcessLab.Shell("env | sort; pwd; echo end", ("B", "two words"), ("A", "ü=1")) with { Directory = lab.Folder.Path });
        Assert.Equal(0, (await Eventually.WithinAsync(child.Exited, "the end")).Code);
        await lab.LineAsync("end");
        var lines = lab.Lines.Where(line => !line.StartsWith("PWD=", StringComparison.Ordinal) && !line.StartsWith("OLDPWD=", StringComparison.Ordinal)
            && !line.StartsWith("_=", StringComparison.Ordinal) && !line.StartsWith("SHLVL=", StringComparison.Ordinal));
        Assert.Equal(["A=ü=1", "B=two words", "PATH=/usr/local/bin:/usr/bin:/bin", lab.Folder.Path, "end"], lines);
    }

    [Fact]
    public async Task AChildLeadsItsOwnSessionAndStartsWithDefaultSignals()
    {
        using var lab = new ProcessLab();
        var child = lab.Start(ProcessLab.Shell("grep -E 'SigIgn|SigBlk' /proc/self/status | tr -s '\\t ' ' '; echo ready; exec sleep 1000"));
        await lab.LineAsync("ready");
        Assert.Equal(child.Pid, ProcessTable.Find(child.Pid)!.Value.Session);

        // All but 32 and 33, which glibc keeps for itself.
        Assert.Contains(lab.Lines, line => line is "SigIgn: 0000000000000000" or "SigIgn: 0000000180000000");
        Assert.Contains("SigBlk: 0000000000000000", lab.Lines);
    }

    [Fact]
    public async Task NoDescriptorOfTheParentLeaks()
    {
        using var lab = new ProcessLab();
        var child = lab.Start(ProcessLab.Shell("exec sleep 1000"));
        await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{child.Pid}/comm") == "sleep\n", "sleep");
        var open = Descriptors($"{child.Pid}");
        Assert.Equal("/dev/null", open[0]);
        Assert.StartsWith("pipe:", open[1], StringComparison.Ordinal);
        Assert.Equal(open[1], open[2]);

        // What this process was itself started with may be handed on; what it opened may not.
        var mine = Descriptors("self").Keys.Where(number => !IsClosedOnExec(number));
        Assert.Subset(mine.Append(0).Append(1).Append(2).ToHashSet(), open.Keys.ToHashSet());
    }

    [Fact]
    public async Task StandardErrorKeepsItsPlaceAmongTheLines()
    {
        using var lab = new ProcessLab();
        lab.Start(ProcessLab.Shell("echo one; echo two >&2; echo three; printf 'four\\r\\nno end'"));
        await lab.LineAsync("no end");
        Assert.Equal(["one", "two", "three", "four", "no end"], lab.Lines);
    }

    [Fact]
    public async Task AVeryLongLineIsBrokenAndNothingIsLost()
    {
        using var lab = new ProcessLab();
        lab.Start(ProcessLab.Shell("head -c 40000 /dev/zero | tr '\\0' x; echo; echo end"));
        await lab.LineAsync("end");
        Assert.Equal(40000, lab.Lines.SkipLast(1).Sum(line => line.Length));
    }

    [Theory]
    [InlineData("no-such-program", "command 'no-such-program' not found in PATH")]
    [InlineData("./missing.sh", "command './missing.sh' not found: there is no file {0}/missing.sh")]
    [InlineData("./plain.txt", "command './plain.txt' cannot be executed: run chmod +x {0}/plain.txt")]
    public void WhatCannotBeStartedIsNamed(string command, string message)
    {
        using var lab = new ProcessLab();
        lab.Folder.Write("plain.txt", "hello");
        var request = ProcessLab.Shell("") with { Command = command, Directory = lab.Folder.Path };
        var exception = Assert.Throws<SpawnException>(() => lab.Start(request));
        Assert.Equal(string.Format(null, message, lab.Folder.Path), exception.Message);
    }

    [Fact]
    public async Task ExitCodesAndSignalsAreToldApart()
    {
        using var lab = new ProcessLab();
        var code = await Eventually.WithinAsync(lab.Start(ProcessLab.Shell("exit 7")).Exited, "exit");
        var signal = await Eventually.WithinAsync(lab.Start(ProcessLab.Shell("kill -SEGV $$")).Exited, "signal");
        Assert.Equal("exited with code 7", code.ToString());
        Assert.Equal("ended by SIGSEGV", signal.ToString());
    }

    [Fact]
    public async Task StoppingEndsTheWholeSession()
    {
        using var lab = new ProcessLab();

        // One in the leader's group, one in a group of its own (job control), one that ignores SIGTERM.
        var child = lab.Start(ProcessLab.Shell(
            "sleep 1001 & bash -c 'set -m; sleep 1002 & wait' & sh -c \"trap '' TERM; echo deaf; while true; do sleep 1003; done\" & echo ready; wait"));
        await lab.LineAsync("ready");
        await lab.LineAsync("deaf");
        await Eventually.TrueAsync(() => Members(child).Count >= 6, "six members");
        await Eventually.WithinAsync(child.StopAsync(TimeSpan.FromMilliseconds(300)), "the end of the session");
        Assert.Empty(Members(child));
    }

    [Fact]
    public async Task WhatALeaderLeavesBehindIsEndedBeforeItsEndIsReported()
    {
        using var lab = new ProcessLab();
        var child = lab.Start(ProcessLab.Shell("sleep 1000 & echo $!; exit 3"));
        Assert.Equal(3, (await Eventually.WithinAsync(child.Exited, "the end")).Code);
        Assert.Empty(Members(child));
    }

    [Fact]
    public async Task AnOrderlyEndGetsItsTime()
    {
        using var lab = new ProcessLab();

        // The leader ends at once; the one it started needs a moment to finish its work.
        var child = lab.Start(ProcessLab.Shell("sh -c \"trap 'sleep 0.3; echo finished; exit 0' TERM; echo ready; while true; do sleep 0.05; done\" & wait"));
        await lab.LineAsync("ready");
        await Eventually.WithinAsync(child.StopAsync(TimeSpan.FromSeconds(20)), "the end");
        await lab.LineAsync("finished");
    }

    private static Dictionary<int, string> Descriptors(string process)
    {
        var open = new Dictionary<int, string>();
        foreach (var link in Directory.EnumerateFileSystemEntries($"/proc/{process}/fd"))
        {
            if (new FileInfo(link).LinkTarget is { } target)
            {
                open[int.Parse(Path.GetFileName(link), null)] = target;
            }
        }

        return open;
    }

    private static bool IsClosedOnExec(int descriptor)
    {
        const int CloseOnExec = 0x80000;
        var info = $"/proc/self/fdinfo/{descriptor}";
        var flags = File.Exists(info) ? File.ReadLines(info).First(line => line.StartsWith("flags:", StringComparison.Ordinal)) : "flags: 0";
        return (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & CloseOnExec) != 0;
    }

    private static List<ProcessEntry> Members(ChildProcess child) =>
        ProcessTable.Read().FindAll(entry => entry.Session == child.Pid && !entry.IsDead);
}
