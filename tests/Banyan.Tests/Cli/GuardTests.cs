using Banyan.Cli.Up.Processes;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class GuardTests
{
    [Fact]
    public async Task WhenThePipeEndsEverythingIsKilled()
    {
        using var lab = new ProcessLab();
        var marker = Guid.NewGuid().ToString("N");
        var known = lab.Start(ProcessLab.Shell("trap '' TERM; sleep 1000"));
        var marked = lab.Start(ProcessLab.Shell("trap '' TERM; setsid sleep 1000 & wait", (Sessions.Marker, marker)));
        var stranger = lab.Start(ProcessLab.Shell("sleep 1000", (Sessions.Marker, marker + "x")));
        var script = new MemoryStream(System.Text.Encoding.ASCII.GetBytes($"+{known.Pid}\n+999999\n-999999\n"));
        var code = await Eventually.WithinAsync(Guard.WatchAsync(script, marker, TimeProvider.System), "the guard");
        Assert.Equal(0, code);
        await Eventually.WithinAsync(known.Exited, "the known session");
        await Eventually.WithinAsync(marked.Exited, "the marked process");
        Assert.Empty(Sessions.Members(new HashSet<int>(), marker));
        Assert.False(stranger.Exited.IsCompleted);
    }

    [Fact]
    public async Task AFarewellKillsNobody()
    {
        using var lab = new ProcessLab();
        var child = lab.Start(ProcessLab.Shell("sleep 1000"));
        var script = new MemoryStream(System.Text.Encoding.ASCII.GetBytes($"+{child.Pid}\ndone\n"));
        Assert.Equal(0, await Eventually.WithinAsync(Guard.WatchAsync(script, "none", TimeProvider.System), "the guard"));
        Assert.False(child.Exited.IsCompleted);
    }

    [Fact]
    public async Task TheGuardIsDeafToSignalsAndReplacedWhenKilled()
    {
        using var lab = new ProcessLab();
        var marker = Guid.NewGuid().ToString("N");
        var guards = new List<ChildProcess>();
        lab.Reaper.SessionChanged += (child, started) =>
        {
            if (started && child.Name == "guard")
            {
                lock (guards)
                {
                    guards.Add(child);
                }
            }
        };
        using var guard = Guard.Start(lab.Reaper, Repository.Cli, marker, ProcessLab.Environment(), _ => { });
        var child = lab.Start(ProcessLab.Shell("sleep 1000"));
        guards[0].Kill();
        await Eventually.TrueAsync(() => { lock (guards) { return guards.Count == 2; } }, "a second guard");
        Assert.False(child.Exited.IsCompleted);
    }
}
