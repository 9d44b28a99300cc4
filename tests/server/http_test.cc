#include "server/http.h"

#include <gtest/gtest.h>

#include "server/response_head.h"

namespace engram {
namespace {

TEST(HttpTest, PercentDecodingIsExact) {
  EXPECT_EQ(*PercentDecode("a%20b%2f%C3%A9"), "a b/é");
  EXPECT_EQ(*PercentDecode("a+b"), "a+b");
  EXPECT_EQ(*PercentDecode("a+b%2B", true), "a b+");
  EXPECT_EQ(PercentDecode(std::string_view("%00", 3))->size(), 1U);
  for (const std::string text : {"%", "%a", "%g0", "% 1", "%+1", "%-1", "%0x", "\xff", "%80"}) {
    EXPECT_FALSE(PercentDecode(text).ok()) << text;
  }
}

TEST(HttpTest, ATargetIsSplitIntoRawSegmentsAndDecodedQuery) {
  HttpRequest request;
  request.target = "/v1/a%2Fb/?x=1&y=%26&z&=e&&p=a=b";
  ASSERT_TRUE(SplitTarget(&request).ok());
  EXPECT_EQ(request.segments, (std::vector<std::string>{"v1", "a%2Fb", ""}));
  const std::vector<std::pair<std::string, std::string>> query = {
      {"x", "1"}, {"y", "&"}, {"z", ""}, {"", "e"}, {"p", "a=b"}};
  EXPECT_EQ(request.query, query);
}

TEST(HttpTest, AQueryParameterGivenTwiceIsAnError) {
  HttpRequest request;
  request.target = "/v1?x=1&%78=2";
  const Status status = SplitTarget(&request);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.field(), "x");
}

TEST(HttpTest, AFieldValueCannotSplitTheReply) {
  const HttpResponse response{200, "text/plain", "x", {{"X-A", "a\r\nX-B: b\x7f"}}};
  const std::string head = ResponseHead(response, true);
  EXPECT_NE(head.find("X-A: aX-B: b\r\n"), std::string::npos);
  EXPECT_EQ(head.find("\r\nX-B"), std::string::npos);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace engram
