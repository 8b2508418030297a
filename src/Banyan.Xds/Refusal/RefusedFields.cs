namespace Banyan.Xds.Refusal;

/// <summary>
/// The one list of fields that a resource must not set, because ignoring them would send traffic elsewhere, or let more
/// of it pass, than the control plane meant. A resource that sets one is answered with a NACK that names it.
/// </summary>
/// <remarks>
/// What is not here and not read is ignored: statistics, logs, tracing, buffer sizes, windows and intervals, and what
/// control planes send out of habit that asks for no more than is done anyway (Istio's <c>max_grpc_timeout</c> and
/// <c>retry_host_predicate</c>). A field that is supported in part (an enumeration, a type of a filter, an optional
/// filter) is judged where it is read.
/// Each is declared in the contracts with its public number, most of them as <c>bytes</c>; of these, <c>optional</c>
/// ones are refused when they are there and empty too, because an empty message has a meaning of its own.
/// The list does without the contracts' descriptors, which take 2.5 MB once they are loaded, a fifth of what an idle
/// sidecar may hold.
/// </remarks>
public static class RefusedFields
{
    /// <summary>
    /// Messages, and below each its fields: <c>-</c> number, name and <see cref="FieldShape"/> of a refused one and,
    /// after a comma, what to write instead; <c>+</c> number, name, shape and type of one that leads to refused ones. A
    /// type that begins with a dot is declared in the message.
    /// </summary>
    internal const string Table =
        """
        envoy.config.listener.v3.Listener
        + 2 address one envoy.config.core.v3.Address
        + 3 filter_chains many envoy.config.listener.v3.FilterChain
        - 4 use_original_dst value
        - 7 deprecated_v1 value
        + 9 listener_filters many envoy.config.listener.v3.ListenerFilter
        - 10 transparent value
        - 18 udp_listener_config present
        + 19 api_listener one envoy.config.listener.v3.ApiListener
        - 25 default_filter_chain present
        - 26 bind_to_port false
        - 27 internal_listener present
        - 32 filter_chain_matcher value
        - 33 additional_addresses many
        - 36 fcds_config present
        envoy.config.core.v3.Address
        + 1 socket_address one envoy.config.core.v3.SocketAddress
        - 3 envoy_internal_address present
        envoy.config.core.v3.SocketAddress
        - 5 resolver_name value
        - 7 network_namespace_filepath value
        envoy.config.listener.v3.FilterChain
        + 1 filter_chain_match one envoy.config.listener.v3.FilterChainMatch
        + 3 filters many envoy.config.listener.v3.Filter
        - 4 use_proxy_proto value
        + 6 transport_socket one envoy.config.core.v3.TransportSocket
        envoy.config.core.v3.TransportSocket
        + 3 typed_config one google.protobuf.Any
        envoy.config.listener.v3.FilterChainMatch
        - 3 prefix_ranges many
        - 4 address_suffix value
        - 5 suffix_len present
        - 6 source_prefix_ranges many
        - 7 source_ports many
        - 8 destination_port present
        - 12 source_type value
        - 13 direct_source_prefix_ranges many
        envoy.config.listener.v3.Filter
        + 4 typed_config one google.protobuf.Any
        - 5 config_discovery present
        envoy.config.listener.v3.ListenerFilter
        + 3 typed_config one google.protobuf.Any
        - 4 filter_disabled value
        - 5 config_discovery present
        envoy.config.listener.v3.ApiListener
        + 1 api_listener one google.protobuf.Any
        envoy.config.route.v3.RouteConfiguration
        + 2 virtual_hosts many envoy.config.route.v3.VirtualHost
        - 3 internal_only_headers many
        - 9 vhds present
        - 12 cluster_specifier_plugins many
        - 13 request_mirror_policies many
        - 15 ignore_path_parameters_in_path_matching value
        - 16 typed_per_filter_config many
        - 18 vhost_header value
        envoy.config.route.v3.VirtualHost
        + 3 routes many envoy.config.route.v3.Route
        - 4 require_tls value
        - 6 rate_limits many
        - 8 cors present
        - 15 typed_per_filter_config many
        + 16 retry_policy one envoy.config.route.v3.RetryPolicy
        - 17 hedge_policy present
        - 20 retry_policy_typed_config present
        - 21 matcher present
        - 22 request_mirror_policies many
        envoy.config.route.v3.Route
        + 1 match one envoy.config.route.v3.RouteMatch
        + 2 route one envoy.config.route.v3.RouteAction
        + 3 redirect one envoy.config.route.v3.RedirectAction
        + 7 direct_response one envoy.config.route.v3.DirectResponseAction
        - 13 typed_per_filter_config many
        - 17 filter_action present
        - 18 non_forwarding_action present
        envoy.config.route.v3.RouteMatch
        + 6 headers many envoy.config.route.v3.HeaderMatcher
        + 7 query_parameters many envoy.config.route.v3.QueryParameterMatcher
        - 8 grpc present
        - 11 tls_context present
        - 12 connect_matcher present
        - 13 dynamic_metadata many
        - 15 path_match_policy present
        - 16 filter_state many
        - 17 cookies many
        envoy.config.route.v3.HeaderMatcher
        + 13 string_match one envoy.type.matcher.v3.StringMatcher
        envoy.type.matcher.v3.StringMatcher
        - 8 custom present
        envoy.config.route.v3.QueryParameterMatcher
        + 5 string_match one envoy.type.matcher.v3.StringMatcher
        envoy.config.route.v3.RouteAction
        - 2 cluster_header present
        + 3 weighted_clusters one envoy.config.route.v3.WeightedCluster
        - 4 metadata_match present
        - 7 auto_host_rewrite true
        + 9 retry_policy one envoy.config.route.v3.RetryPolicy
        - 11 priority value
        - 13 rate_limits many
        - 15 hash_policy many
        - 17 cors present
        - 25 upgrade_configs many
        - 26 internal_redirect_action value
        - 27 hedge_policy present
        - 28 grpc_timeout_offset present
        - 29 host_rewrite_header present
        - 30 request_mirror_policies many
        - 32 regex_rewrite present
        - 33 retry_policy_typed_config present
        - 34 internal_redirect_policy present
        - 35 host_rewrite_path_regex present
        - 36 max_stream_duration present
        - 37 cluster_specifier_plugin present
        - 38 append_x_forwarded_host value
        - 39 inline_cluster_specifier_plugin present
        - 40 early_data_policy present
        - 41 path_rewrite_policy present
        - 44 host_rewrite present
        - 45 path_rewrite value
        envoy.config.route.v3.WeightedCluster
        + 1 clusters many envoy.config.route.v3.WeightedCluster.ClusterWeight
        - 4 header_name value
        - 5 use_hash_policy true
        envoy.config.route.v3.WeightedCluster.ClusterWeight
        - 3 metadata_match present
        - 10 typed_per_filter_config many
        - 12 cluster_header value
        envoy.config.route.v3.RetryPolicy
        - 4 retry_priority present
        - 9 retriable_headers many
        - 10 retriable_request_headers many
        - 11 rate_limited_retry_back_off present
        - 12 retry_options_predicates many
        - 13 per_try_idle_timeout present
        envoy.config.route.v3.RedirectAction
        - 9 regex_rewrite present
        envoy.config.route.v3.DirectResponseAction
        + 2 body one envoy.config.core.v3.DataSource
        - 3 body_format present
        envoy.config.core.v3.DataSource
        - 1 filename present
        - 4 environment_variable present
        envoy.config.cluster.v3.Cluster
        + 8 health_checks many envoy.config.core.v3.HealthCheck
        - 9 max_requests_per_connection value
        + 10 circuit_breakers one envoy.config.cluster.v3.CircuitBreakers
        - 13 http_protocol_options present, write typed_extension_protocol_options
        - 14 http2_protocol_options present, write typed_extension_protocol_options
        - 19 outlier_detection present
        - 21 upstream_bind_config value
        - 22 lb_subset_config value
        - 23 ring_hash_lb_config value
        - 24 transport_socket present
        - 26 protocol_selection value
        + 27 common_lb_config one envoy.config.cluster.v3.Cluster.CommonLbConfig
        + 29 common_http_protocol_options one envoy.config.core.v3.CommonHttpProtocolOptions
        - 31 close_connections_on_host_health_failure value
        - 32 ignore_health_on_host_removal value
        + 33 load_assignment one envoy.config.endpoint.v3.ClusterLoadAssignment
        - 34 original_dst_lb_config value
        + 36 typed_extension_protocol_options map google.protobuf.Any
        - 38 cluster_type present
        - 40 filters many
        - 41 load_balancing_policy present
        + 43 transport_socket_matches many envoy.config.cluster.v3.Cluster.TransportSocketMatch
        - 46 upstream_http_protocol_options value
        - 48 upstream_config present
        - 51 connection_pool_per_downstream_connection value
        - 52 maglev_lb_config value
        - 59 transport_socket_matcher present
        envoy.config.cluster.v3.Cluster.TransportSocketMatch
        + 3 transport_socket one envoy.config.core.v3.TransportSocket
        envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        + 1 common_tls_context one envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
        - 2 sni value
        - 3 allow_renegotiation value
        - 6 auto_host_sni value
        - 7 auto_sni_san_validation value
        envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
        + 1 common_tls_context one envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
        - 3 require_sni true
        - 4 session_ticket_keys present
        - 5 session_ticket_keys_sds_secret_config present
        - 7 disable_stateless_session_resumption present
        - 8 ocsp_staple_policy value
        envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
        - 1 tls_params present, it is TLS 1.3
        - 2 tls_certificates many, the proxy has its own
        - 3 validation_context present, use combined_validation_context
        - 6 tls_certificate_sds_secret_configs many, the proxy has its own
        - 7 validation_context_sds_secret_config present, use combined_validation_context
        + 8 combined_validation_context one .CombinedCertificateValidationContext
        - 9 tls_certificate_certificate_provider present
        - 10 validation_context_certificate_provider present
        - 11 tls_certificate_certificate_provider_instance present
        - 12 validation_context_certificate_provider_instance present
        - 13 custom_handshaker present
        - 14 tls_certificate_provider_instance present
        - 15 key_log present
        - 16 custom_tls_certificate_selector present
        envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext
        + 1 default_validation_context one envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext
        - 3 validation_context_certificate_provider present
        - 4 validation_context_certificate_provider_instance present
        envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext
        + 1 trusted_ca one envoy.config.core.v3.DataSource
        - 2 verify_certificate_hash many
        - 3 verify_certificate_spki many
        - 6 require_signed_certificate_timestamp true
        - 7 crl present
        - 8 allow_expired_certificate value
        - 9 match_subject_alt_names many, use match_typed_subject_alt_names
        - 10 trust_chain_verification value
        - 12 custom_validator_config present
        - 13 ca_certificate_provider_instance present
        + 15 match_typed_subject_alt_names many envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher
        - 16 max_verify_depth present
        envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher
        + 2 matcher one envoy.type.matcher.v3.StringMatcher
        envoy.extensions.transport_sockets.tls.v3.Secret
        - 2 tls_certificate present, keys do not travel
        - 3 session_ticket_keys present, keys do not travel
        + 4 validation_context one envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext
        + 5 generic_secret one envoy.extensions.transport_sockets.tls.v3.GenericSecret
        envoy.extensions.transport_sockets.tls.v3.GenericSecret
        + 1 secret one envoy.config.core.v3.DataSource
        envoy.config.core.v3.HealthCheck
        - 6 alt_port present
        + 8 http_health_check one envoy.config.core.v3.HealthCheck.HttpHealthCheck
        + 9 tcp_health_check one envoy.config.core.v3.HealthCheck.TcpHealthCheck
        + 11 grpc_health_check one envoy.config.core.v3.HealthCheck.GrpcHealthCheck
        - 13 custom_health_check present
        - 21 tls_options present
        - 23 transport_socket_match_criteria present
        envoy.config.core.v3.HealthCheck.HttpHealthCheck
        - 3 send present
        - 4 receive many
        - 6 request_headers_to_add many
        - 8 request_headers_to_remove many
        - 11 service_name_matcher present
        envoy.config.core.v3.HealthCheck.TcpHealthCheck
        - 1 send present
        - 2 receive many
        - 3 proxy_protocol_config present
        envoy.config.core.v3.HealthCheck.GrpcHealthCheck
        - 3 initial_metadata many
        envoy.config.cluster.v3.CircuitBreakers
        + 1 thresholds many envoy.config.cluster.v3.CircuitBreakers.Thresholds
        - 2 per_host_thresholds many
        envoy.config.cluster.v3.CircuitBreakers.Thresholds
        - 8 retry_budget present
        envoy.config.cluster.v3.Cluster.CommonLbConfig
        - 2 zone_aware_lb_config present
        - 3 locality_weighted_lb_config present
        - 7 consistent_hashing_lb_config present
        - 8 override_host_status present
        envoy.config.core.v3.CommonHttpProtocolOptions
        - 2 max_headers_count value
        - 3 max_connection_duration present
        - 4 max_stream_duration present
        - 5 headers_with_underscores_action value
        - 6 max_requests_per_connection value
        envoy.config.endpoint.v3.ClusterLoadAssignment
        + 2 endpoints many envoy.config.endpoint.v3.LocalityLbEndpoints
        + 4 policy one envoy.config.endpoint.v3.ClusterLoadAssignment.Policy
        - 5 named_endpoints many
        envoy.config.endpoint.v3.LocalityLbEndpoints
        + 2 lb_endpoints many envoy.config.endpoint.v3.LbEndpoint
        - 7 load_balancer_endpoints present
        - 8 leds_cluster_locality_config present
        envoy.config.endpoint.v3.LbEndpoint
        + 1 endpoint one envoy.config.endpoint.v3.Endpoint
        - 5 endpoint_name present
        envoy.config.endpoint.v3.Endpoint
        + 1 address one envoy.config.core.v3.Address
        + 2 health_check_config one envoy.config.endpoint.v3.Endpoint.HealthCheckConfig
        - 4 additional_addresses many
        envoy.config.endpoint.v3.Endpoint.HealthCheckConfig
        - 2 hostname value
        - 3 address present
        envoy.config.endpoint.v3.ClusterLoadAssignment.Policy
        - 2 drop_overloads many
        - 4 endpoint_stale_after present
        - 6 weighted_priority_health value
        envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        + 4 route_config one envoy.config.route.v3.RouteConfiguration
        + 5 http_filters many envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
        - 14 use_remote_address value
        - 16 forward_client_cert_details value
        - 18 proxy_100_continue value
        - 19 xff_num_trusted_hops value
        + 23 upgrade_configs many .UpgradeConfig
        - 25 internal_address_config value
        - 31 scoped_routes present
        + 35 common_http_protocol_options one envoy.config.core.v3.CommonHttpProtocolOptions
        - 38 local_reply_config present
        - 39 strip_matching_host_port value
        - 42 strip_any_host_port present
        - 43 path_normalization_options value
        - 46 original_ip_detection_extensions many
        - 47 strip_trailing_host_dot value
        - 48 scheme_header_transformation value
        - 50 typed_header_validation_config present
        - 52 early_header_mutation_extensions many
        - 60 forward_client_cert_matcher present
        - 61 forward_proto_config present
        envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
        + 4 typed_config one google.protobuf.Any
        envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig
        - 2 filters many
        - 3 enabled false
        envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
        - 3 downstream_idle_timeout present
        - 4 upstream_idle_timeout present
        - 7 max_connect_attempts present
        - 9 metadata_match present
        + 10 weighted_clusters one envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster
        - 11 hash_policy many
        - 12 tunneling_config present
        - 13 max_downstream_connection_duration present
        - 14 on_demand present
        - 19 proxy_protocol_tlvs many
        - 21 upstream_connect_mode value
        envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster
        + 1 clusters many envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight
        envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight
        - 3 metadata_match present
        envoy.extensions.filters.http.rbac.v3.RBAC
        + 1 rules one envoy.config.rbac.v3.RBAC
        + 2 shadow_rules one envoy.config.rbac.v3.RBAC
        - 4 matcher present
        - 5 shadow_matcher present
        envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
        + 1 providers map envoy.extensions.filters.http.jwt_authn.v3.JwtProvider
        + 2 rules many envoy.extensions.filters.http.jwt_authn.v3.RequirementRule
        - 3 filter_state_rules present
        - 4 bypass_cors_preflight value
        envoy.extensions.filters.http.jwt_authn.v3.JwtProvider
        - 3 remote_jwks present, sidecars fetch nothing: use local_jwks
        + 4 local_jwks one envoy.config.core.v3.DataSource
        - 7 from_params many
        - 8 forward_payload_header value
        - 13 from_cookies many
        - 14 header_in_metadata value
        - 15 claim_to_headers many
        - 16 failed_status_in_metadata value
        - 19 subjects present
        - 21 max_lifetime present
        envoy.extensions.filters.http.jwt_authn.v3.RequirementRule
        + 1 match one envoy.config.route.v3.RouteMatch
        + 2 requires one envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement
        - 3 requirement_name present
        envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement
        - 2 provider_and_audiences present
        + 3 requires_any one envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList
        + 4 requires_all one envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList
        envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList
        + 1 requirements many envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement
        envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList
        + 1 requirements many envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement
        envoy.extensions.filters.network.rbac.v3.RBAC
        + 1 rules one envoy.config.rbac.v3.RBAC
        + 2 shadow_rules one envoy.config.rbac.v3.RBAC
        - 4 enforcement_type value
        - 6 matcher present
        - 7 shadow_matcher present
        - 8 delay_deny present
        envoy.config.rbac.v3.RBAC
        + 2 policies map envoy.config.rbac.v3.Policy
        envoy.config.rbac.v3.Policy
        + 1 permissions many envoy.config.rbac.v3.Permission
        + 2 principals many envoy.config.rbac.v3.Principal
        - 3 condition present
        - 4 checked_condition present
        - 5 cel_config present
        envoy.config.rbac.v3.Permission
        + 1 and_rules one .Set
        + 2 or_rules one .Set
        + 4 header one envoy.config.route.v3.HeaderMatcher
        - 5 destination_ip present
        - 7 metadata present
        + 8 not_rule one envoy.config.rbac.v3.Permission
        - 9 requested_server_name present
        + 10 url_path one envoy.type.matcher.v3.PathMatcher
        - 12 matcher present
        - 13 uri_template present
        - 14 sourced_metadata present
        envoy.config.rbac.v3.Permission.Set
        + 1 rules many envoy.config.rbac.v3.Permission
        envoy.config.rbac.v3.Principal
        + 1 and_ids one .Set
        + 2 or_ids one .Set
        + 4 authenticated one .Authenticated
        + 6 header one envoy.config.route.v3.HeaderMatcher
        + 7 metadata one envoy.type.matcher.v3.MetadataMatcher
        + 8 not_id one envoy.config.rbac.v3.Principal
        + 9 url_path one envoy.type.matcher.v3.PathMatcher
        - 11 remote_ip present, it follows headers that anybody can write
        - 12 filter_state present
        - 13 sourced_metadata present
        - 14 custom present
        envoy.config.rbac.v3.Principal.Set
        + 1 ids many envoy.config.rbac.v3.Principal
        envoy.config.rbac.v3.Principal.Authenticated
        + 2 principal_name one envoy.type.matcher.v3.StringMatcher
        envoy.type.matcher.v3.PathMatcher
        + 1 path one envoy.type.matcher.v3.StringMatcher
        envoy.type.matcher.v3.MetadataMatcher
        + 3 value one envoy.type.matcher.v3.ValueMatcher
        envoy.type.matcher.v3.ValueMatcher
        - 1 null_match present
        - 2 double_match present
        + 3 string_match one envoy.type.matcher.v3.StringMatcher
        + 6 list_match one envoy.type.matcher.v3.ListMatcher
        + 7 or_match one envoy.type.matcher.v3.OrMatcher
        envoy.type.matcher.v3.ListMatcher
        + 1 one_of one envoy.type.matcher.v3.ValueMatcher
        envoy.type.matcher.v3.OrMatcher
        + 1 value_matchers many envoy.type.matcher.v3.ValueMatcher
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        + 1 common_http_protocol_options one envoy.config.core.v3.CommonHttpProtocolOptions
        - 2 upstream_http_protocol_options value
        + 3 explicit_http_config one envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig
        + 4 use_downstream_protocol_config one .UseDownstreamHttpConfig
        - 5 auto_config present
        - 6 http_filters many
        - 7 header_validation_config present
        - 8 outlier_detection present
        - 9 request_mirror_policies many
        - 10 hash_policy many
        - 11 retry_policy present
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig
        - 3 http3_protocol_options present
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig
        - 3 http3_protocol_options present
        """;

    private static readonly FieldTable Parsed = FieldTable.Parse(Table);

    /// <summary>Finds the refused fields that an encoded message sets, in it and in all that it holds.</summary>
    /// <param name="type">Full name of its type, as it ends a type URL.</param>
    /// <param name="message">Its wire form.</param>
    /// <returns>One text for each, <c>field.path: not supported</c>; empty when all is well.</returns>
    /// <exception cref="InvalidOperationException">The bytes are no message, see <see cref="Unreadable"/>.</exception>
    public static IReadOnlyList<string> Find(string type, ReadOnlySpan<byte> message)
    {
        var walk = new RefusalWalk(Parsed);
        walk.Visit(type, message, "");
        return walk.Found;
    }
}
