using System.Runtime.InteropServices;
using Banyan.Bench;
using Banyan.Bench.Discovery;
using Banyan.Bench.Load;
using Banyan.Bench.Report;
using Banyan.Bench.Tests;

if (args.Any(arg => arg is "-h" or "--help"))
{
    Console.Out.WriteLine(Options.Usage);
    return 0;
}

if (args is ["backend", .. var server])
{
    return Backend.Run(server);
}

if (args is ["load", .. var rest])
{
    return OpenLoop.Generate(rest);
}

if (args is ["tcp-load", .. var shape])
{
    return TcpLoad.Generate(shape);
}

if (args is ["xds-load", .. var plan])
{
    return DiscoveryLoad.Generate(plan);
}

BenchTest[] tests =
[
    new HopTest(), new H2Test(), new GrpcTest(), new TcpTest(), new PairTest(), new MtlsTest(), new LatencyTest(), new MemoryTest(),
    new ControlTest(),
];

using var cancel = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var options = Options.Parse(args);
    var test = Array.Find(tests, t => t.Name == options.Test)
        ?? throw new BenchFailure($"there is no test {options.Test}\n\n{Options.Usage}");
    using var run = new BenchRun(options, test.Limit(options), cancel.Token);
    var rows = test.Run(run);
    Console.Out.Write(options.Json ? RowFormat.Json(rows) : RowFormat.Table(rows));
    return options.Gate && rows.Any(r => r.Ok == false) ? 3 : 0;
}
catch (BenchFailure failure)
{
    Console.Error.WriteLine($"bench: {failure.Message}");
    return 2;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("bench: stopped before the end");
    return 130;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    cancel.Cancel();
}
