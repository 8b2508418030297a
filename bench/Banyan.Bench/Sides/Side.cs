using System.Net;
using System.Net.Sockets;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>A proxy under test in front of the common backend.</summary>
internal abstract class Side(string name, string version, Child process, int port)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10), AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>The row's or the peer's name.</summary>
    public string Name => name;

    public string Version => version;

    public Child Process => process;

    public int Pid => process.Pid;

    public string Url => $"http://127.0.0.1:{port}";

    /// <summary>What it was configured with, for rows that have to say so.</summary>
    public virtual string? Resources => null;

    /// <summary>Waits until a request comes back whole, and so proves that the side does what is measured.</summary>
    public void AwaitAnswer(BenchRun run, string path, int size) =>
        run.Await($"an answer of {name} with {size} bytes", StartLimit, process, () => BodySize(path) == size);

    /// <summary>Loads the side so long that its caches, pools and (where it has one) compiler are done.</summary>
    public void WarmUp(BenchRun run, int seconds, int connections, string path)
    {
        if (seconds > 0)
        {
            var load = Wrk.Run(run, Url + path, connections, seconds);
            run.Say($"warm-up of {name} ({version}): {load.Requests / load.Seconds:0}/s");
        }
    }

    protected bool Accepts()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private long BodySize(string path)
    {
        try
        {
            using var client = new HttpClient { Timeout = AnswerLimit };
            using var response = client.Send(new HttpRequestMessage(HttpMethod.Get, Url + path));
            using var body = new MemoryStream();
            response.Content.ReadAsStream().CopyTo(body);
            return response.IsSuccessStatusCode ? body.Length : -1;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return -1;
        }
    }
}
