using Banyan.Proxy.Background;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Background;

public sealed class StartupPagesTests
{
    [Fact]
    public void FilePagesAreGivenBack()
    {
        var runtime = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .First(path => path.EndsWith("/libcoreclr.so", StringComparison.Ordinal));
        var before = ProcessMemory.OfThisProcess.File;
        StartupPages.GiveBack(runtime);
        Assert.InRange(ProcessMemory.OfThisProcess.File, 0, before - 1_000_000);
    }
}
