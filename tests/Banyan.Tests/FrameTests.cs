using Xunit;

namespace Banyan.Tests;

public sealed class FrameTests
{
    [Fact]
    public void EveryAssemblyLoads() => Assert.Equal("Banyan.Wire", typeof(Banyan.Wire.Http1.RequestHead).Assembly.GetName().Name);
}
