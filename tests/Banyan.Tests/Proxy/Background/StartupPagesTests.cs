using Banyan.Proxy.Background;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Background;

public sealed class StartupPagesTests
{
    [Fact]
    public void FilePagesAreGivenBack()
    {
        var before = ProcessMemory.OfThisProcess.File;
        StartupPages.GiveBack();

        // The runtime and the libraries of a test process are some ten megabytes of files.
        Assert.InRange(ProcessMemory.OfThisProcess.File, 0, before - 4_000_000);
    }
}
