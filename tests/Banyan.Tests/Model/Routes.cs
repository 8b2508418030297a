using Banyan.Model;
using Banyan.Xds;
using Google.Protobuf.Collections;

namespace Banyan.Tests.Model;

internal static class Routes
{
    /// <summary>The routes of a service port, decoded.</summary>
    public static RepeatedField<Route> Of(CompiledMesh mesh, string name) =>
        RouteConfiguration.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, name)].Any.Value)
            .VirtualHosts[0].Routes;
}
