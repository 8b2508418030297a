using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>How a port is written where people read it.</summary>
public sealed class PortUrlTests
{
    [Theory]
    [InlineData("http://", PortProtocol.Http, "", 80)]
    [InlineData("http://", PortProtocol.Http2, "", 80)]
    [InlineData("http://", PortProtocol.Grpc, "", 80)]
    [InlineData("tcp://", PortProtocol.Tcp, "http", 80)]
    [InlineData("tls://", PortProtocol.Tls, "", 443)]
    [InlineData("http://", PortProtocol.Auto, "http-web", 5432)]
    [InlineData("tcp://", PortProtocol.Auto, "redis", 80)]
    [InlineData("tcp://", PortProtocol.Auto, "", 5432)]
    [InlineData("", PortProtocol.Auto, "main", 80)]
    public void TheSchemeIsWhatThePortDeclares(string scheme, PortProtocol protocol, string name, int port) =>
        Assert.Equal(scheme, PortUrl.Scheme(new WorkloadPort { Protocol = protocol, Name = name, Port = port }));
}
