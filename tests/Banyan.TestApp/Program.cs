using System.Globalization;
using System.Runtime.InteropServices;
using Banyan.Testing;

// Answers whatever is asked with its name, VERSION/REPLICA; /slow/300 only after 300 ms. It ends at once when it is told to
// (SIGTERM), without finishing anything: what it still had to answer is lost.
const string SlowPath = "/slow/";

var name = $"{Variable("BANYAN_VERSION")}/{Variable("BANYAN_REPLICA")}";
var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    end.TrySetResult();
});
await using var server = new TestBackend(Answer, int.Parse(Variable("PORT"), CultureInfo.InvariantCulture)) { Remember = false };
Console.WriteLine($"{name} listens");
await end.Task;
Console.WriteLine($"{name} was told to end");
return 0;

Reply Answer(RawMessage request) => Reply.Ok(name) with
{
    Delay = request.Target.StartsWith(SlowPath, StringComparison.Ordinal)
        ? TimeSpan.FromMilliseconds(int.Parse(request.Target.AsSpan(SlowPath.Length), CultureInfo.InvariantCulture))
        : TimeSpan.Zero,
};

static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
