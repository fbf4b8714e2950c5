"""Made-up names that read like real ones, Chinese with the English beside it."""

from __future__ import annotations

Named = tuple[str, str]


def _pairs(text: str) -> tuple[Named, ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


CITY: Named = ("娄底市（虚构演示）", "Loudi (synthetic demo city)")
DISTRICT: Named = ("娄星区", "Louxing District")
ZONES = {
    "N": ("北片区", "North Zone"),
    "E": ("东片区", "East Zone"),
    "S": ("南片区", "South Zone"),
    "W": ("西片区", "West Zone"),
}
STREETS = _pairs("""
    乐坪 Leping 花山 Huashan 黄泥塘 Huangnitang 长青 Changqing 大科 Dake 涟滨 Lianbin
    大埠桥 Dabuqiao
""")
RIVER: Named = ("清涟河", "Qinglian River")
AVENUE: Named = ("涟星大道", "Lianxing Avenue")
RIVERSIDE: Named = ("滨河路", "Binhe Road")
ROADS = tuple(
    (f"{zh}路", f"{en} Road")
    for zh, en in _pairs("""
        湘云 Xiangyun 紫荆 Zijing 清泉 Qingquan 春晖 Chunhui 翠屏 Cuiping 长乐 Changle
        金桂 Jingui 鹿鸣 Luming
    """)
)
COMMUNITIES = _pairs("""
    竹园 Zhuyuan 石塘 Shitang 枫林 Fenglin 莲花 Lianhua 桐梓 Tongzi 青石 Qingshi 白鹭 Bailu
    樟树 Zhangshu 桃源 Taoyuan 柳溪 Liuxi 新塘 Xintang 茶亭 Chating 百合 Baihe 双井 Shuangjing
    井湾 Jingwan 梅岭 Meiling 杉山 Shanshan 金盆 Jinpen 银杏 Yinxing 凤翔 Fengxiang
    龙湾 Longwan 楠木 Nanmu 油铺 Youpu 麻塘 Matang 碧溪 Bixi 古井 Gujing 安平 Anping
    兴隆 Xinglong 永安 Yongan 建新 Jianxin 向阳 Xiangyang 和平 Heping 团结 Tuanjie 红旗 Hongqi
    胜利 Shengli 民主 Minzhu 光明 Guangming 幸福 Xingfu 朝阳 Chaoyang 东风 Dongfeng
    火炬 Huoju 育才 Yucai 文昌 Wenchang 学府 Xuefu 桥头 Qiaotou 河口 Hekou 渡头 Dutou
    沙洲 Shazhou 水府 Shuifu 湖塘 Hutang 荷塘 Hetang 藕塘 Outang 鱼塘 Yutang 盘龙 Panlong
    狮子 Shizi 白马 Baima 金鸡 Jinji 仙女 Xiannu 观音 Guanyin 太平 Taiping 万寿 Wanshou
    福星 Fuxing 吉庆 Jiqing 祥和 Xianghe 康宁 Kangning 长春 Changchun 松山 Songshan
    柏树 Baishu 榆树 Yushu 槐花 Huaihua 梨园 Liyuan 橘园 Juyuan 枣园 Zaoyuan 杏林 Xinglin
    桑园 Sangyuan 麦地 Maidi 稻香 Daoxiang 南塘 Nantang 北塔 Beita 西坪 Xiping 东岭 Dongling
    中湾 Zhongwan 上岭 Shangling 下坪 Xiaping 高丰 Gaofeng 低庄 Dizhuang 大丰 Dafeng
    小河 Xiaohe 远大 Yuanda 近水 Jinshui 云峰 Yunfeng 霞光 Xiaguang 星光 Xingguang
    月塘 Yuetang 晨曦 Chenxi 晚枫 Wanfeng 秋湖 Qiuhu 春溪 Chunxi 雪峰 Xuefeng
""")
COMPOUND_STEMS = _pairs("""
    金桂 Jingui 紫薇 Ziwei 丹桂 Dangui 香樟 Xiangzhang 玉兰 Yulan 海棠 Haitang 锦绣 Jinxiu
    和谐 Hexie 康乐 Kangle 嘉和 Jiahe 润泽 Runze 盛世 Shengshi 阳光 Yangguang 翡翠 Feicui
    云水 Yunshui 江畔 Jiangpan 书香 Shuxiang 怡景 Yijing 天润 Tianrun 华泰 Huatai
""")
COMPOUND_ENDINGS = _pairs("""
    花园 Garden 家园 Homes 小区 Quarter 苑 Court 新城 Newtown 名邸 Residence
""")
BUSINESS_DISTRICTS = _pairs("星湖 Xinghu 万和 Wanhe 涟滨 Lianbin 金街 Jinjie")

SURNAMES = tuple(
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许邓冯韩曹曾彭肖蔡潘田董袁于余叶蒋杜苏魏程吕丁任姚"
    "卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武"
)
GIVEN_FIRST = tuple("建国志文海永春秀玉晓思佳子雨欣俊明立德光美丽红桂冬新金家小雪")
GIVEN_SECOND = tuple("华平军强勇辉斌涛鹏飞龙林波杰峰英芳兰梅玲娟霞燕静敏莉琴云莲香")
