using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>A proxy under test in front of the common backend.</summary>
internal abstract class Side(string name, string version, Child process, int port)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    /// <summary>The row's or the peer's name.</summary>
    public string Name => name;

    public string Version => version;

    public Child Process => process;

    public int Pid => process.Pid;

    /// <summary>The processes whose CPU counts, together.</summary>
    public virtual IReadOnlyList<int> Pids => [process.Pid];

    public int Port => port;

    public string Url => $"http://127.0.0.1:{port}";

    /// <summary>What it was configured with, for rows that have to say so.</summary>
    public virtual string? Resources => null;

    /// <summary>What is to be known when its figures are read.</summary>
    public virtual string? Note => null;

    /// <summary>Waits until a request comes back whole, and so proves that the side does what is measured.</summary>
    public void AwaitAnswer(BenchRun run, LoadShape load)
    {
        string? fault = null;
        try
        {
            run.Await($"an answer of {name} with {load.AnswerBytes} bytes", StartLimit, process, () => (fault = Probe.Fault(Url, load)) is null);
        }
        catch (BenchFailure failure)
        {
            throw new BenchFailure($"{failure.Message}\nlast answer:\n{fault}");
        }
    }

    /// <summary>Loads the side so long that its caches, pools and (where it has one) compiler are done.</summary>
    public void WarmUp(BenchRun run, int seconds, LoadShape load)
    {
        if (seconds > 0)
        {
            var done = load.Run(run, Url, seconds);
            run.Say($"warm-up of {name} ({version}): {done.Requests / done.Seconds:0}/s");
        }
    }

    protected bool Accepts() => Probe.Accepts(port);
}
