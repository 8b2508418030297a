using Banyan.Cli.Up;
using Banyan.Cli.Up.Processes;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class SupervisedProcessTests
{
    [Fact]
    public void WaitsGrowFromOneSecondToThirtyAndBeginAnewAfterGoodHealth()
    {
        var backoff = new Backoff(new Random(7));
        double[] expected = [1, 2, 4, 8, 16, 30, 30, 30];
        foreach (var seconds in expected)
        {
            Assert.InRange(backoff.Next(TimeSpan.FromSeconds(9)).TotalSeconds, seconds * 0.8, seconds * 1.2);
        }

        Assert.InRange(backoff.Next(TimeSpan.FromSeconds(10)).TotalSeconds, 0.8, 1.2);
        Assert.InRange(backoff.Next(TimeSpan.Zero).TotalSeconds, 1.6, 2.4);
    }

    [Fact]
    public void WaitsDifferFromEachOther()
    {
        var backoff = new Backoff(new Random(7));
        var waits = Enumerable.Range(0, 20).Select(_ => backoff.Next(Backoff.Healthy)).Distinct();
        Assert.True(waits.Count() > 10);
    }

    [Fact]
    public async Task WhatEndsIsStartedAgain()
    {
        using var lab = new ProcessLab();
        var output = new StringWriter();
        var process = Supervise(lab, "exit 3", output);
        process.Start();
        await Eventually.TrueAsync(() => process.Restarts >= 1, "a restart");
        await process.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(ProcessState.Stopped, process.State);
        Assert.Matches("app exited with code 3; started again in (0\\.[89]|1\\.[0-2]) s", output.ToString());
    }

    [Fact]
    public async Task WhatCannotBeStartedIsTriedAgainAndNamed()
    {
        using var lab = new ProcessLab();
        var output = new StringWriter();
        var process = Supervise(lab, "", output, command: "no-such-program");
        process.Start();
        await Eventually.TrueAsync(() => process.State == ProcessState.Waiting, "waiting");
        await process.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("command 'no-such-program' not found in PATH; started again in", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatNeverGetsReadyIsReplacedWithItsReason()
    {
        using var lab = new ProcessLab();
        var output = new StringWriter();
        var process = Supervise(
            lab, "sleep 1000", output, probe: () => "GET /healthz answers 500", timeout: TimeSpan.FromMilliseconds(200));
        process.Start();
        await Eventually.TrueAsync(() => process.State == ProcessState.Waiting, "waiting");
        await process.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("app is not ready after 0.2 s: GET /healthz answers 500", output.ToString(), StringComparison.Ordinal);
        Assert.False(process.Ready.IsCompleted);
    }

    [Fact]
    public async Task ReadinessWaitsForTheProbe()
    {
        using var lab = new ProcessLab();
        var file = lab.Folder["ready"];
        var process = Supervise(lab, "sleep 1000", new StringWriter(), probe: () => File.Exists(file) ? null : "no file");
        process.Start();
        await Eventually.TrueAsync(() => process.Pid is not null, "a process");
        Assert.NotEqual(ProcessState.Ready, process.State);
        lab.Folder.Write("ready", "");
        await Eventually.WithinAsync(process.Ready, "readiness");
        await process.StopAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task StoppingWhileItWaitsIsImmediate()
    {
        using var lab = new ProcessLab();
        var process = Supervise(lab, "exit 1", new StringWriter());
        process.Start();
        await Eventually.TrueAsync(() => process.State == ProcessState.Waiting, "waiting");
        await Eventually.WithinAsync(process.StopAsync(TimeSpan.FromSeconds(5)), "the stop", TimeSpan.FromSeconds(5));
        var restarts = process.Restarts;
        Assert.Equal(ProcessState.Stopped, process.State);
        Assert.Equal(restarts, process.Restarts);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    public async Task AFolderThatCannotBeMadeIsTriedAgainAndTheStopGoesWell(Type kind)
    {
        using var lab = new ProcessLab();
        var output = new StringWriter();
        var process = Supervise(
            lab, "", output, prepare: () => throw (Exception)Activator.CreateInstance(kind, "no room for s/proxies/app.0")!);
        process.Start();
        await Eventually.TrueAsync(() => process.State == ProcessState.Waiting, "waiting");
        await process.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("no room for s/proxies/app.0; started again in", output.ToString(), StringComparison.Ordinal);
    }

    private static SupervisedProcess Supervise(
        ProcessLab lab,
        string script,
        TextWriter output,
        string command = "sh",
        Func<string?>? probe = null,
        TimeSpan? timeout = null,
        Action? prepare = null) => new(
            new ProcessSpec
            {
                Name = "app",
                Request = () =>
                {
                    prepare?.Invoke();
                    return ProcessLab.Shell(script) with { Command = command };
                },
                Probe = _ => Task.FromResult(probe?.Invoke()),
                ReadyTimeout = () => timeout ?? TimeSpan.FromSeconds(30),
            },
            lab.Reaper,
            new UpLog(TextWriter.Synchronized(output), colours: false),
            new Random(1),
            TimeProvider.System);
}
